import Files
import QED

/// A plan that actions write their parts into.
struct PlanDraft {
    /// Bytes of new tables: a plan holds them in memory, and the journal keeps them.
    private static let largestTables: UInt64 = 32 << 20

    let survey: ImageSurvey
    /// What the check found before the repair.
    let report: CheckResult
    let options: RepairOptions
    /// Why the file must not grow, nil if it may.
    let growthRefusal: String?

    private(set) var words: [WordChange] = []
    private(set) var copies: [TailCopy] = []
    private(set) var appends: [RepairWrite] = []
    /// Ranges of leaked bytes that are given back.
    private(set) var releases: [Range<UInt64>] = []
    private(set) var effects: [GuestEffect] = []
    private(set) var left: [Unrepaired] = []
    /// Bytes of the file afterwards.
    private(set) var sizeAfter: UInt64
    /// Whether the file's last, partial cluster is made whole for its own sake.
    private(set) var extendsTail = false
    /// Bytes of tables that overlap something, and of those that are read as data: nothing in them is changed.
    private let untouchable: RangeUnion

    init(
        _ survey: ImageSurvey, checked report: CheckResult, options: RepairOptions, growthRefusal: String? = nil,
        keeping kept: [Range<UInt64>] = []
    ) {
        self.survey = survey
        self.report = report
        self.options = options
        self.growthRefusal = growthRefusal
        sizeAfter = survey.fileSize
        untouchable = RangeUnion(of: survey.claims.overlappingRanges + kept)
    }

    var geometry: Geometry { survey.geometry }
    /// Whether new clusters were taken at the end.
    var grows: Bool { sizeAfter > survey.clustersEnd }

    // MARK: - What actions call

    /// Why another table cannot be made, with so many clusters for it and its data; nil if it can.
    func refusal(ofTableWithClusters count: UInt64) -> String? {
        let tables = UInt64(appends.count) * UInt64(TableReading.pieceByteCount)
        guard tables.saturatingAdd(geometry.tableByteCount) <= PlanDraft.largestTables else {
            return "more than \(PlanDraft.largestTables >> 20) MiB of tables would have to be made"
        }
        return refusal(ofClusters: count)
    }

    /// Why so many new clusters cannot be had, nil if they can.
    func refusal(ofClusters count: UInt64) -> String? {
        if let growthRefusal { return growthRefusal }
        let growth = max(sizeAfter, survey.clustersEnd) - survey.clustersEnd
        let wanted = growth.saturatingAdd(count.saturatingMultiply(geometry.clusterSize))
        guard wanted <= options.maximumGrowth else {
            return "copies would make the file \(wanted) bytes longer, and the limit is \(options.maximumGrowth)"
        }
        if survey.usesPartialCluster, !options.actions.contains(.extendTail) {
            return "the file would have to be extended first"
        }
        // The file's length is a signed 64-bit number.
        return survey.clustersEnd.saturatingAdd(wanted) < UInt64(Int64.max) ? nil : "the file would be too long"
    }

    /// Takes new clusters at the end of the file; `refusal(ofClusters:)` said that they can be had.
    mutating func takeClusters(_ count: UInt64) -> UInt64 {
        let start = max(sizeAfter, survey.clustersEnd)
        sizeAfter = start + count * geometry.clusterSize
        return start
    }

    /// Makes the file's last, partial cluster whole.
    mutating func completeTail() {
        sizeAfter = max(sizeAfter, survey.clustersEnd)
        extendsTail = true
    }

    mutating func copyCluster(at source: UInt64, to target: UInt64, for action: RepairAction) {
        let copy = TailCopy(action: action, source: source, target: target, length: geometry.clusterSize)
        if let last = copies.last, last.isContinued(by: copy) {
            copies[copies.count - 1].length += copy.length
        } else {
            copies.append(copy)
        }
    }

    /// New bytes past the old end of the file. Zeros need not be given.
    mutating func append(_ bytes: [UInt8], at offset: UInt64, for action: RepairAction) {
        appends.append(RepairWrite(.tail, action, at: offset, .append(bytes)))
    }

    /// Whether an entry may be changed: not one that is part of a table which nobody understands.
    func mayChange(_ word: EntryWord) -> Bool { !untouchable.contains(word.offset) }

    mutating func change(_ word: EntryWord, to after: UInt64, for action: RepairAction) {
        words.append(
            WordChange(phase: .pointer, action: action, offset: word.offset, before: word.value, after: after))
    }

    mutating func changeHeader(_ field: HeaderField, from before: UInt64, to after: UInt64, for action: RepairAction) {
        words.append(
            WordChange(phase: .header, action: action, offset: UInt64(field.offset), before: before, after: after))
    }

    mutating func release(_ range: Range<UInt64>) { releases.append(range) }

    mutating func cut(to size: UInt64) { sizeAfter = min(sizeAfter, size) }

    /// Notes guest bytes that will read differently: those of an entry, under each L1 entry that leads to it.
    mutating func note(_ kind: GuestEffect.Kind, _ action: RepairAction, at place: TableIndex) {
        add(GuestEffect(kind, action, geometry.guestRange(from: place, entryCount: 1)))
        for sharer in survey.sharers(of: place.l1Index) {
            let place = TableIndex(l1Index: sharer, l2Index: place.l2Index)
            add(GuestEffect(kind, action, geometry.guestRange(from: place, entryCount: 1)))
        }
    }

    mutating func note(_ kind: GuestEffect.Kind, _ action: RepairAction, in range: GuestRange) {
        add(GuestEffect(kind, action, range))
    }

    mutating func leave(_ count: Int, because reason: String) {
        guard count > 0 else { return }
        if let index = left.firstIndex(where: { $0.reason == reason }) {
            left[index].count += UInt64(count)
        } else {
            left.append(Unrepaired(reason, count: UInt64(count)))
        }
    }

    // MARK: - What the planner calls

    /// The journal's writes but the bytes that are released, in the order of phases.
    func writes() -> [RepairWrite] {
        let tail =
            appends
            + copies.map {
                RepairWrite(.tail, $0.action, at: $0.target, .copy(source: $0.source, length: $0.length))
            }
        let words = words.map { detaching($0) }.writes()
        return RepairWrite.Phase.allCases.flatMap { phase in
            words.filter { $0.phase == phase } + (phase == .tail ? tail : [])
        }
    }

    /// Whether an entry that stays invalid could refer to new clusters, so that the file must not grow.
    func wouldAdopt(_ value: UInt64, isTable: Bool) -> Bool {
        guard grows else { return false }
        let length = isTable ? geometry.tableByteCount : geometry.clusterSize
        return value < sizeAfter && value.saturatingAdd(length) > survey.clustersEnd
    }

    /// An entry whose invalid offset the longer file would make valid is cleared before the file grows.
    private func detaching(_ change: WordChange) -> WordChange {
        guard change.phase == .pointer, change.action == .clearInvalid,
            wouldAdopt(change.before, isTable: true)
        else { return change }
        return WordChange(
            phase: .detach, action: change.action, offset: change.offset, before: change.before, after: change.after)
    }

    private mutating func add(_ effect: GuestEffect) {
        guard effect.range.length > 0 else { return }
        if let last = effects.last, last.kind == effect.kind, last.action == effect.action,
            last.range.offset + last.range.length == effect.range.offset
        {
            let range = GuestRange(offset: last.range.offset, length: last.range.length + effect.range.length)
            effects[effects.count - 1] = GuestEffect(last.kind, last.action, range)
        } else {
            effects.append(effect)
        }
    }
}
