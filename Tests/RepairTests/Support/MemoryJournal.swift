import Repair

/// A journal in memory. It fails on demand.
final class MemoryJournal: RepairJournal {
    struct Row: Sendable {
        let record: RepairRecord
        let writes: [RepairWrite]
        var state = RepairState.prepared
        var end: RepairEnd?
    }

    enum Step: Hashable, Sendable {
        case prepare, finish
    }

    private(set) var rows: [Row]
    private let log: EventLog
    var failing: Set<Step> = []
    /// What happens meanwhile.
    var onPrepare: () -> Void = {}

    init(_ rows: [Row] = [], log: EventLog = EventLog()) {
        self.rows = rows
        self.log = log
    }

    /// The ID of the newest repair.
    var newest: RepairID { RepairID(rows.count) }

    func prepare(
        _ record: RepairRecord, writes: ((RepairWrite) throws(RepairFailure) -> Void) throws(RepairFailure) -> Void
    ) throws(RepairFailure) -> RepairID {
        var all: [RepairWrite] = []
        try writes { all.append($0) }
        if failing.contains(.prepare) { throw .journal("the disk of the store is full") }
        rows.append(Row(record: record, writes: all))
        onPrepare()
        log.add(.journal(rows))
        return newest
    }

    func repair(_ id: RepairID) throws(RepairFailure) -> JournaledRepair? {
        guard let row = row(id) else { return nil }
        var (root, direction) = (id, RepairDirection.forward)
        while let undone = self.row(root)?.record.undoes {
            root = undone
            direction = direction.reversed
        }
        return JournaledRepair(
            id: id, record: row.record, state: row.state, after: row.end?.after, writesID: root, direction: direction)
    }

    func lastFingerprint(since id: RepairID) -> ImageFingerprint? {
        let ended = rows.dropFirst(Int(id) - 1).filter { $0.state != .prepared }
            .filter { !($0.state == .rolledBack && $0.end?.after == nil) }
        for (earlier, later) in zip(ended, ended.dropFirst()) {
            guard earlier.state != .conflict, let left = earlier.end?.after?.identity,
                left.modificationTime == later.record.before.identity.modificationTime,
                left.size == later.record.before.identity.size
            else { return nil }
        }
        return ended.last?.state == .conflict ? nil : ended.last?.end?.after
    }

    func forEachWrite(
        of id: RepairID, in phase: RepairWrite.Phase, _ body: (RepairWrite) throws(RepairFailure) -> Void
    ) throws(RepairFailure) {
        for write in row(id)?.writes ?? [] where write.phase == phase { try body(write) }
    }

    func finish(_ id: RepairID, _ end: RepairEnd) throws(RepairFailure) {
        if failing.contains(.finish) { throw .journal("the disk of the store is full") }
        guard row(id)?.state == .prepared else { throw .journal("repair \(id) has ended already") }
        rows[Int(id) - 1].state = end.state
        rows[Int(id) - 1].end = end
        log.add(.journal(rows))
    }

    private func row(_ id: RepairID) -> Row? {
        rows.indices.contains(Int(id) - 1) ? rows[Int(id) - 1] : nil
    }
}
