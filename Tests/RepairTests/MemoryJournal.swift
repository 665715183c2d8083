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

    func lastFingerprint(ofImageOf id: RepairID) -> ImageFingerprint? {
        guard let last = rows.last(where: { $0.state != .prepared }), last.state != .conflict else { return nil }
        return last.end?.after
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
