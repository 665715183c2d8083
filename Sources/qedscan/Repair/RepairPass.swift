import CommandSyntax
import Files
import Glibc
import PoolScan
import QED
import Repair
import Store

/// The repair of many images: first plans for all, then one repair after the other. A failure does not stop the others.
struct RepairPass {
    let options: RepairOptions
    let limits: CheckLimits
    let cancellation: Cancellation
    let palette: Palette

    // MARK: - Plans

    /// Reads an image and plans its repair.
    func plan(_ candidate: RepairCandidate) -> PlannedImage {
        let answer: PlannedImage.Answer
        do throws(RepairFailure) {
            answer = .plan(try makePlan(candidate))
        } catch {
            answer = .failure(error)
        }
        return PlannedImage(
            path: candidate.path, identity: candidate.identity, outcome: candidate.outcome, answer: answer)
    }

    private func makePlan(_ candidate: RepairCandidate) throws(RepairFailure) -> RepairPlan {
        let file: ImageFile
        do throws(SystemError) {
            // Paths in the store are absolute and have no links.
            file = try ImageFile(withoutLinks: candidate.path)
        } catch {
            throw .refused(Refusal(.open, "it cannot be opened: \(error)", advice: Advice.scanAgain))
        }
        guard file.status.identity == candidate.identity else {
            throw .refused(Refusal(.unchanged, "it has changed since it was scanned", advice: Advice.scanAgain))
        }
        switch try RepairFailure.wrap({ () throws(SystemError) in try file.testUse() }) {
        case .free, .unknown: break
        case .readers:
            throw .refused(Refusal(.locks, LockBytes.qemuUsing.holder, advice: Advice.endHolder))
        case .writer(let holder):
            throw .refused(Refusal(.locks, holder, advice: Advice.endHolder))
        }
        return try RepairPlanner(options: options, limits: limits, threadCount: ScanConfiguration.processorCount)
            .plan(for: file)
    }

    // MARK: - Repairs

    /// Repairs what can be repaired, and prints the result for each image.
    func apply(_ images: [PlannedImage], _ journal: StoreJournal, _ access: ImageAccess) -> ExitStatus {
        var status = ExitStatus()
        var (repaired, failed) = (0, 0)
        var firstUndoable: RepairID?
        for image in images where !cancellation.isCancelled {
            guard let plan = image.plan, !plan.isEmpty else {
                status.formUnion(RepairPass.status(ofUnrepaired: image))
                continue
            }
            do throws(RepairFailure) {
                guard let done = try session(image.path, journal, access).repair(options, as: plan) else { continue }
                access.forget(image.path)
                repaired += 1
                if plan.isUndoable { firstUndoable = firstUndoable ?? done.id }
                status.formUnion(.repaired)
                status.formUnion(ExitStatus(done.report.outcome))
                say(image.path, "repair \(done.id): \(PlanText.state(plan.before)) -> \(PlanText.state(done.report))")
            } catch {
                failed += 1
                status.formUnion([.failed, ExitStatus(image.outcome)])
                fail(image.path, error)
            }
        }
        if cancellation.isCancelled { status.formUnion(.interrupted) }
        summarize(repaired, failed: failed, of: images, undoable: firstUndoable)
        return status
    }

    /// Recovers interrupted repairs, and prints the result for each.
    func recoverInterrupted(_ journal: StoreJournal, _ access: ImageAccess) throws(RepairFailure) -> ExitStatus {
        let interrupted = try journal.preparedRepairs()
        var paths: [RepairID: RawPath] = [:]
        for id in interrupted {
            guard let path = try journal.repair(id)?.record.path else { continue }
            paths[id] = path
            access.watch(path)
        }
        if !paths.isEmpty { access.waitForQuiet() }
        var status = ExitStatus()
        for id in interrupted where !cancellation.isCancelled {
            guard let path = paths[id] else { continue }
            do throws(RepairFailure) {
                let (state, message) = try session(path, journal, access).recover(id)
                access.forget(path)
                say(path, "repair \(id): \(state.rawValue): \(message)")
                if state == .conflict { status.formUnion(.failed) }
            } catch {
                status.formUnion(.failed)
                fail(path, error, "interrupted repair \(id) is not recovered")
            }
        }
        return status
    }

    /// Takes the image for exclusive use as long as the session exists.
    func session(
        _ path: RawPath, _ journal: StoreJournal, _ access: ImageAccess
    ) throws(RepairFailure) -> RepairSession {
        RepairSession(
            try access.take(path), path: path, journal: journal, limits: limits,
            threadCount: ScanConfiguration.processorCount)
    }

    func say(_ path: RawPath, _ text: String) {
        StandardOutput.writeLine("\(palette.bold(PrintableText.escaping(path.bytes))): \(text)")
    }

    func fail(_ path: RawPath, _ failure: RepairFailure, _ what: String = "not repaired") {
        Diagnostic.error("\(PrintableText.escaping(path.bytes)): \(what): \(failure)")
    }

    /// The status for an image that is not repaired.
    static func status(ofUnrepaired image: PlannedImage) -> ExitStatus {
        switch image.answer {
        case .plan(let plan): ExitStatus(plan.before.outcome)
        case .failure: [.failed, ExitStatus(image.outcome)]
        }
    }

    private func summarize(_ repaired: Int, failed: Int, of images: [PlannedImage], undoable: RepairID?) {
        let refused = images.count { $0.plan == nil }
        let begun = repaired + failed
        let counts = [
            (repaired, "repaired"), (failed + refused, "not repaired, see above"),
            (images.count(where: \.isRepairable) - begun, "not started"),
            (images.count { $0.plan?.isEmpty == true }, "with nothing that can be repaired"),
        ]
        let parts = counts.enumerated().filter { $0.offset == 0 || $0.element.0 > 0 }
        StandardOutput.writeLine(parts.map { "\($0.element.0) \($0.element.1)" }.joined(separator: ", "))
        if let undoable {
            StandardOutput.writeLine("to undo: 'qedscan undo \(undoable)'; 'qedscan repair --list' lists all repairs")
        }
    }
}

/// An image with the plan of its repair, or the reason why there is none.
struct PlannedImage {
    enum Answer {
        case plan(RepairPlan)
        case failure(RepairFailure)
    }

    let path: RawPath
    /// Of the latest check in the store.
    let identity: FileIdentity
    let outcome: Outcome
    let answer: Answer

    var plan: RepairPlan? {
        if case .plan(let plan) = answer { plan } else { nil }
    }

    /// Whether the plan changes anything.
    var isRepairable: Bool { plan.map { !$0.isEmpty } ?? false }
}
