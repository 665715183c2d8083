import Files
import QED

/// A plan in the making, to which each action adds its part.
struct PlanDraft {
    /// Bytes of new tables, which the plan holds in memory and the journal keeps.
    private static let largestTables: UInt64 = 32 << 20

    let survey: ImageSurvey
    /// What the check found before the repair.
    let report: CheckResult
    let options: RepairOptions
    /// Why the file must not grow; nil if it may.
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
    /// Whether `extend-tail` completes the file's last, partial cluster.
    private(set) var extendsTail = false
    /// Bytes that must not change: those of tables that overlap something, and of tables that are read as data.
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
    /// Whether new clusters are allocated at the end.
    var grows: Bool { sizeAfter > survey.clustersEnd }

    // MARK: - What actions call

    /// Why a new table, with this many clusters for it and its data, cannot be made; nil if it can.
    func refusal(ofTableWithClusters count: UInt64) -> String? {
        let tables = UInt64(appends.count) * UInt64(TableReading.pieceByteCount)
        guard tables.saturatingAdd(geometry.tableByteCount) <= PlanDraft.largestTables else {
            return "that would take more than \(PlanDraft.largestTables >> 20) MiB of new tables"
        }
        return refusal(ofClusters: count)
    }

    /// Why this many new clusters cannot be allocated; nil if they can.
    func refusal(ofClusters count: UInt64) -> String? {
        if let growthRefusal { return growthRefusal }
        let growth = max(sizeAfter, survey.clustersEnd) - survey.clustersEnd
        let wanted = growth.saturatingAdd(count.saturatingMultiply(geometry.clusterSize))
        guard wanted <= options.maximumGrowth else {
            return "copies would add \(wanted) bytes to the file, and the limit is \(options.maximumGrowth)"
        }
        if survey.usesPartialCluster, !options.actions.contains(.extendTail) {
            return "extend-tail would have to extend the file first"
        }
        // The file's length is a signed 64-bit number.
        return survey.clustersEnd.saturatingAdd(wanted) < UInt64(Int64.max) ? nil : "the file would be too long"
    }

    /// Allocates new clusters at the end of the file, after `refusal(ofClusters:)` has returned nil.
    mutating func takeClusters(_ count: UInt64) -> UInt64 {
        let start = max(sizeAfter, survey.clustersEnd)
        sizeAfter = start + count * geometry.clusterSize
        return start
    }

    /// Completes the file's last, partial cluster.
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

    /// Adds new bytes past the old end of the file. Zeros can be left out.
    mutating func append(_ bytes: [UInt8], at offset: UInt64, for action: RepairAction) {
        appends.append(RepairWrite(.tail, action, at: offset, .append(bytes)))
    }

    /// Whether an entry may be changed. Those in tables that overlap something may not.
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

    /// Notes that the guest bytes of an entry will read differently, for each L1 entry that leads to it.
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

    /// The writes for the journal in the order of phases, without the bytes that are given back.
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

    /// Whether an invalid entry with this value would refer to new clusters, so that the file must not grow.
    func wouldAdopt(_ value: UInt64, isTable: Bool) -> Bool {
        guard grows else { return false }
        let length = isTable ? geometry.tableByteCount : geometry.clusterSize
        return value < sizeAfter && value.saturatingAdd(length) > survey.clustersEnd
    }

    /// The change, moved before the file grows if the longer file would make the entry's invalid offset valid.
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

// Tables that overlap something are not changed, but a guest still reads through them.
extension PlanDraft {
    /// If more tables than this overlap something, they are not read.
    static let overlapLimit = 64

    /// Clusters with changed words that an unchanged entry reads as data. They must not change.
    func changedClustersReadAsData(_ source: any ImageSource) throws(RepairFailure) -> [Range<UInt64>] {
        let mask = ~(geometry.clusterSize - 1)
        let inTables = words.filter { $0.phase != .header }
        let changedClusters = Set(inTables.map { $0.offset & mask })
        let changedWords = Set(inTables.map(\.offset))
        var read: Set<UInt64> = []
        for word in survey.entries.shared
        where !changedWords.contains(word.offset) && changedClusters.contains(word.value) {
            read.insert(word.value)
        }
        let tables = survey.claims.overlappingTables
        if tables.count > PlanDraft.overlapLimit {
            read = changedClusters
        } else {
            for table in tables {
                try TableReading.forEachPiece(of: table, geometry, source) { _, entries in
                    for value in entries where changedClusters.contains(value) { read.insert(value) }
                }
            }
        }
        return read.map { $0..<$0.saturatingAdd(geometry.clusterSize) }
    }

    /// Notes what such tables make readable once the file's last, partial cluster is complete.
    mutating func noteReadableByOverlaps(_ source: any ImageSource) throws(RepairFailure) {
        let tables = survey.claims.overlappingTables
        guard sizeAfter > survey.fileSize, survey.fileSize > survey.wholeClustersEnd, !tables.isEmpty else { return }
        guard tables.count <= PlanDraft.overlapLimit else {
            throw .unexpected("more than \(PlanDraft.overlapLimit) tables overlap: too many to repair")
        }
        let action = extendsTail ? RepairAction.extendTail : .cloneShared
        for table in tables {
            if table.value.saturatingAdd(geometry.tableByteCount) > survey.wholeClustersEnd {
                note(.readable, action, in: geometry.guestRange(from: table.place, entryCount: 1))
                continue
            }
            var places: [TableIndex] = []
            try TableReading.forEachPiece(of: table, geometry, source) { first, entries in
                for index in entries.indices where entries[index] == survey.wholeClustersEnd {
                    places.append(TableIndex(l1Index: table.place.l1Index, l2Index: first + index))
                }
            }
            for place in places { note(.readable, action, at: place) }
        }
    }
}

/// Bytes that are copied to the end of the file.
struct TailCopy: Hashable, Sendable {
    let action: RepairAction
    /// Where they are, in bytes from the start of the file.
    let source: UInt64
    /// Where they go, past the old end of the file.
    let target: UInt64
    /// Bytes.
    var length: UInt64

    /// Whether another copy begins where this one ends, at both places.
    func isContinued(by next: TailCopy) -> Bool {
        next.action == action && next.source == source + length && next.target == target + length
    }
}
