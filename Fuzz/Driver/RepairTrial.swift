import QED

@testable import Repair

/// A repair of an image in memory: what was planned comes true, and is enough.
package enum RepairTrial {
    /// - Parameter choice: bits that choose what may be done.
    package static func run(_ image: SparseSource, choice: UInt8) {
        let options = options(choice)
        let planner = RepairPlanner(options: options, limits: .fuzzing)
        guard let plan = plan(image, planner) else { return }
        require(plan.sizeBefore == image.size, "a plan for another size")
        // Beyond the end of the last cluster, which has 64 MiB at most.
        let (longest, overflow) = (image.size | 0x3FF_FFFF).addingReportingOverflow(options.maximumGrowth + 1)
        require(overflow || plan.sizeAfter <= longest, "grows by more than it may")
        require(!plan.isEmpty || plan.writes.isEmpty && plan.releases.isEmpty, "an empty plan that writes")

        let repaired = image.applying(plan)
        let after = Checker(limits: .fuzzing).check(repaired)
        guard after.stop == nil, plan.after.stop == nil else { return }
        require(after.outcome == plan.after.outcome, "becomes \(after.outcome) and not \(plan.after.outcome)")
        require(after.corruptions == plan.after.corruptions, "other corruptions than planned")
        require(after.leaks == plan.after.leaks, "other leaks than planned")
        require(after.counts == plan.after.counts, "other counts than planned")
        require(after.isDirty == plan.after.isDirty, "the dirty bit is not as planned")
        requireNothingLeft(plan, options)
        // Who cannot see holes cannot see that something has become one; and a limit of growth is each repair's.
        if image.tellsHoles, !isShortOfRoom(choice) { requireSecondPlanIsEmpty(repaired, plan, planner) }
    }

    private static func isShortOfRoom(_ choice: UInt8) -> Bool { choice & 64 != 0 }

    private static func options(_ choice: UInt8) -> RepairOptions {
        var options = RepairOptions()
        if choice & 1 != 0 { options.actions = Set(RepairAction.allCases) }
        if choice & 2 != 0 { options.actions.remove(.extendTail) }
        if choice & 4 != 0 { options.actions.remove(.cloneShared) }
        options.invalidEntries = [.unallocate, .zero, .keep, .zero][Int(choice >> 3 & 3)]
        options.savesLeaked = choice & 32 != 0
        options.maximumGrowth = isShortOfRoom(choice) ? 1 << 14 : 1 << 27
        return options
    }

    /// nil where the image could not be checked, or there is too much wrong.
    private static func plan(_ image: SparseSource, _ planner: RepairPlanner) -> RepairPlan? {
        do throws(RepairFailure) {
            return try planner.plan(for: image)
        } catch {
            require(!"\(error)".isEmpty, "a failure without words")
            return nil
        }
    }

    /// A finding whose action was asked for is gone, or the plan says why it stays.
    private static func requireNothingLeft(_ plan: RepairPlan, _ options: RepairOptions) {
        guard plan.left.isEmpty else { return }
        for finding in plan.after.findings {
            guard let name = finding.kind.repair, options.actions.contains(where: { $0.rawValue == name }) else {
                continue
            }
            // Nothing refers to it; and leaks between used clusters stay, as holes.
            guard finding.kind != .trailingPartialCluster, finding.kind != .clusterLeaked else { continue }
            require(false, "is left and nothing says so: \(finding)")
        }
    }

    /// Leaks that were not touched while something else was wrong are reclaimed by the second run.
    private static func requireSecondPlanIsEmpty(_ image: SparseSource, _ first: RepairPlan, _ planner: RepairPlanner) {
        guard let second = plan(image, planner), !second.isEmpty else { return }
        require(second.actions == [.reclaimLeaks], "a second repair: \(second.actions)")
        require(!first.isEmpty && !first.actions.contains(.reclaimLeaks), "leaks are reclaimed twice")
    }
}

extension SparseSource {
    /// The image with everything done that a plan says.
    fileprivate func applying(_ plan: RepairPlan) -> SparseSource {
        var image = self
        if plan.sizeAfter > size { image.resize(to: plan.sizeAfter) }
        for write in plan.writes {
            switch write.content {
            case .words(_, let after): image.write(after, at: write.offset)
            case .append(let bytes): image.write(bytes, at: write.offset)
            case .copy(let source, let length): image.copy(from: source, to: write.offset, length: length, of: self)
            case .release: require(false, "a release among the writes")
            }
        }
        for range in plan.releases { image.punch(range) }
        image.resize(to: plan.sizeAfter)
        return image
    }
}
