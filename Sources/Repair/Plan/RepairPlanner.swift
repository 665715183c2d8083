import QED

/// Makes plans: looks, and writes nothing.
public struct RepairPlanner: Sendable {
    /// How often a plan is made anew without what stood in its way.
    private static let draftLimit = 16

    private let options: RepairOptions
    private let limits: CheckLimits
    private let threadCount: Int

    public init(options: RepairOptions, limits: CheckLimits = CheckLimits(), threadCount: Int = 1) {
        self.options = options
        self.limits = limits
        self.threadCount = threadCount
    }

    /// The plan for an image.
    ///
    /// - Throws: `RepairFailure.refused` if the image could not be checked to its end, `.image` if it could not be read,
    ///   `.unexpected` if there is too much wrong to repair it within the limits.
    package func plan(for source: any ImageSource) throws(RepairFailure) -> RepairPlan {
        let report = check(source)
        guard let header = report.header else {
            throw .refused(Refusal(.check, report.message ?? "the header could not be read"))
        }
        if let reason = unusable(report) {
            return RepairPlan(nothingFor: report, size: source.size, left: [Unrepaired(reason, count: 1)])
        }
        guard report.checkErrors == 0, report.stop == nil else {
            let message = "it could not be checked to its end: \(report.message ?? "read error")"
            throw .refused(Refusal(.check, message, advice: "see to it that it can be read"))
        }
        guard hasWork(report) else {
            return RepairPlan(nothingFor: report, size: source.size, left: leaksLeft(report))
        }
        return try plan(for: source, header, report)
    }

    private func plan(
        for source: any ImageSource, _ header: Header, _ report: CheckResult
    ) throws(RepairFailure) -> RepairPlan {
        let survey = try ImageSurvey.make(
            source, header: header, completesTail: options.actions.contains(.extendTail), limits: limits)
        var draft = try settledDraft(for: source, survey, report)
        try draft.noteReadableByOverlaps(source)
        guard draft.releases.count <= EntryWord.limit else { throw .unexpected("too many ranges of leaked clusters") }
        draft.leave(survey.claims.overlappingTables.count, because: Unrepaired.overlapReason)
        if !options.actions.contains(.cloneTables) {
            draft.leave(
                survey.claims.sharedTables.count, because: "L2 tables are shared: clone-tables, on request, mends them")
        }
        let after = check(overlay(of: source, draft))
        guard after.checkErrors == 0, after.stop == nil else {
            throw .unexpected("the plan could not be checked: \(after.message ?? "read error")")
        }
        if options.actions.contains(.clearDirty) { ClearDirty.plan(&draft, checked: after) }
        return RepairPlan(draft, before: report, after: check(overlay(of: source, draft)))
    }

    /// A draft that changes nothing for entries which stay as they are: neither do they come to refer to new clusters,
    /// nor do they read a table as data that is changed.
    private func settledDraft(
        for source: any ImageSource, _ survey: ImageSurvey, _ report: CheckResult
    ) throws(RepairFailure) -> PlanDraft {
        var growthRefusal: String?
        var kept: [Range<UInt64>] = []
        for _ in 0..<RepairPlanner.draftLimit {
            let draft = try draft(for: source, survey, report, growthRefusal: growthRefusal, keeping: kept)
            if growthRefusal == nil, try wouldAdoptStrayEntries(draft, source) {
                growthRefusal = "entries that stay invalid refer to where copies would go"
                continue
            }
            let read = try draft.changedClustersReadAsData(source)
            if read.isEmpty { return draft }
            kept += read
        }
        throw .unexpected("too many tables are read as data")
    }

    private func draft(
        for source: any ImageSource, _ survey: ImageSurvey, _ report: CheckResult, growthRefusal: String?,
        keeping kept: [Range<UInt64>]
    ) throws(RepairFailure) -> PlanDraft {
        var draft = PlanDraft(
            survey, checked: report, options: options, growthRefusal: growthRefusal, keeping: kept)
        for action in RepairAction.allCases where options.actions.contains(action) {
            try action.plannedAction?.plan(&draft, reading: source)
        }
        return draft
    }

    /// Whether an entry that stays as it is, or is filled only after the file has grown, refers to where new clusters
    /// would go: it would read what is not its own.
    private func wouldAdoptStrayEntries(_ draft: PlanDraft, _ source: any ImageSource) throws(RepairFailure) -> Bool {
        guard draft.grows else { return false }
        let cleared = Set(draft.words.filter { $0.after <= 1 }.map(\.offset))
        let strays = draft.survey.faults.filter { !cleared.contains($0.word.offset) }
        if strays.contains(where: { draft.wouldAdopt($0.word.value, isTable: $0.word.place.l2Index == nil) }) {
            return true
        }
        let overlapping = draft.survey.claims.overlappingTables
        guard overlapping.count <= PlanDraft.overlapLimit else { return true }
        for table in overlapping {
            var hasStray = false
            try TableReading.forEachPiece(of: table, draft.geometry, source) { _, entries in
                hasStray = hasStray || entries.contains { draft.wouldAdopt($0, isTable: false) }
            }
            if hasStray { return true }
        }
        return false
    }

    private func overlay(of source: any ImageSource, _ draft: PlanDraft) -> OverlaySource {
        OverlaySource(source, writes: draft.writes(), direction: .forward, size: draft.sizeAfter)
    }

    private func check(_ source: any ImageSource) -> CheckResult {
        Checker(limits: limits, threadCount: threadCount).check(source)
    }

    /// Why nothing can be done for the image, nil if something may.
    private func unusable(_ report: CheckResult) -> String? {
        guard report.header?.hasMagic == true else { return "it is no QED image any more" }
        guard let fault = report.fault else { return nil }
        if fault.kind == .l1TableTruncated, options.actions.contains(.extendTail) { return nil }
        return "the header cannot be used: \(fault)"
    }

    private func leaksLeft(_ report: CheckResult) -> [Unrepaired] {
        guard report.leaks > 0, !options.actions.contains(.reclaimLeaks) else { return [] }
        guard !report.hasLostTables else {
            return [Unrepaired("leaked clusters, with tables among them that nothing refers to", count: report.leaks)]
        }
        return [Unrepaired("leaked clusters: reclaim-leaks, on request, gives them back", count: report.leaks)]
    }

    private func hasWork(_ report: CheckResult) -> Bool {
        report.fault != nil || report.corruptions > 0 || report.isDirty
            || (report.leaks > 0 && options.actions.contains(.reclaimLeaks))
            || (report.header?.autoclearFeatures ?? 0 != 0 && options.actions.contains(.clearAutoclear))
    }
}
