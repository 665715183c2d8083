import QED

/// Makes plans. It reads images and changes nothing.
public struct RepairPlanner: Sendable {
    /// How many drafts are made before giving up.
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
    /// - Throws: `RepairFailure.refused` if the image could not be checked completely, `.image` if it could not be
    ///   read, `.unexpected` if more is wrong than the limits allow to repair.
    package func plan(for source: any ImageSource) throws(RepairFailure) -> RepairPlan {
        let report = check(source)
        guard let header = report.header else {
            throw .refused(Refusal(.check, report.message ?? "the header could not be read"))
        }
        if let reason = unusable(report) {
            return RepairPlan(nothingFor: report, size: source.size, left: [Unrepaired(reason, count: 1)])
        }
        guard report.checkErrors == 0, report.stop == nil else {
            let message = "it could not be checked completely: \(report.message ?? "read error")"
            throw .refused(Refusal(.check, message, advice: "make it readable and scan it again"))
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
        var draft = try stableDraft(for: source, survey, report)
        try draft.noteReadableByOverlaps(source)
        guard draft.releases.count <= EntryWord.limit else {
            throw .unexpected("more than \(EntryWord.limit) ranges of clusters are leaked: too many to repair")
        }
        draft.leave(survey.claims.overlappingTables.count, because: Unrepaired.overlapReason)
        if !options.actions.contains(.cloneTables) {
            draft.leave(
                survey.claims.sharedTables.count, because: "L2 tables are shared; clone-tables repairs that on request")
        }
        let after = check(overlay(of: source, draft))
        guard after.checkErrors == 0, after.stop == nil else {
            throw .unexpected("the planned image could not be checked: \(after.message ?? "read error")")
        }
        if options.actions.contains(.clearDirty) { ClearDirty.plan(&draft, checked: after) }
        return RepairPlan(draft, before: report, after: check(overlay(of: source, draft)))
    }

    /// A draft that changes nothing for unchanged entries: none of them refers to new clusters, or reads a changed
    /// table as data.
    private func stableDraft(
        for source: any ImageSource, _ survey: ImageSurvey, _ report: CheckResult
    ) throws(RepairFailure) -> PlanDraft {
        var growthRefusal: String?
        var kept: [Range<UInt64>] = []
        for _ in 0..<RepairPlanner.draftLimit {
            let draft = try draft(for: source, survey, report, growthRefusal: growthRefusal, keeping: kept)
            if growthRefusal == nil, try wouldAdoptStrayEntries(draft, source) {
                growthRefusal = "entries that stay invalid refer to the place of the copies"
                continue
            }
            let read = try draft.changedClustersReadAsData(source)
            if read.isEmpty { return draft }
            kept += read
        }
        throw .unexpected("too many tables are also used as data")
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

    /// Whether an entry that is unchanged, or is changed only after the file has grown, refers to the place of new
    /// clusters: it would read data of others.
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

    /// Why the image cannot be repaired at all; nil if that is not known yet.
    private func unusable(_ report: CheckResult) -> String? {
        guard report.header?.hasMagic == true else { return "it is no longer a QED image" }
        guard let fault = report.fault else { return nil }
        if fault.kind == .l1TableTruncated, options.actions.contains(.extendTail) { return nil }
        return "the header cannot be used: \(fault)"
    }

    private func leaksLeft(_ report: CheckResult) -> [Unrepaired] {
        guard report.leaks > 0, !options.actions.contains(.reclaimLeaks) else { return [] }
        guard !report.hasLostTables else {
            return [Unrepaired("leaked clusters that include lost tables", count: report.leaks)]
        }
        return [Unrepaired("leaked clusters; reclaim-leaks gives them back on request", count: report.leaks)]
    }

    private func hasWork(_ report: CheckResult) -> Bool {
        report.fault != nil || report.corruptions > 0 || report.isDirty
            || (report.leaks > 0 && options.actions.contains(.reclaimLeaks))
            || (report.header?.autoclearFeatures ?? 0 != 0 && options.actions.contains(.clearAutoclear))
    }
}
