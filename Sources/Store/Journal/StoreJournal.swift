import Repair
import SQLite

/// The journal of repairs in the store.
///
/// Belongs to one thread at a time, as its store does. Keeps no statement, so that the store can be closed at any time.
package final class StoreJournal: RepairJournal {
    let store: ScanStore
    let host: String
    let version: String

    var database: Database { store.database }

    /// Makes the store durable.
    ///
    /// - Parameter version: of the program.
    /// - Throws: `RepairFailure.journal` if it cannot be.
    package init(store: ScanStore, host: String, version: String) throws(RepairFailure) {
        self.store = store
        self.host = host
        self.version = version
        try RepairFailure.wrapStore { () throws(StoreError) in try store.makeDurable() }
    }

    /// For who only asks: the store may be open to read, and stays as it is. A change is refused unless it is durable.
    package init(reading store: ScanStore, host: String) {
        self.store = store
        self.host = host
        version = ""
    }

    package func prepare(
        _ record: RepairRecord, writes: ((RepairWrite) throws(RepairFailure) -> Void) throws(RepairFailure) -> Void
    ) throws(RepairFailure) -> RepairID {
        try change { () throws(RepairFailure) in
            let image = try image(at: record.path)
            try confirmNothingPrepared(for: image)
            if let undone = record.undoes { try confirmUndoable(undone, of: image) }
            let id = try insert(record, for: image)
            try insertEffects(record.effects, of: id)
            try insertWrites(of: id, isUndo: record.undoes != nil, writes)
            return id
        }
    }

    package func repair(_ id: RepairID) throws(RepairFailure) -> JournaledRepair? {
        try RepairFailure.wrap { () throws(SQLiteError) in
            let statement = try database.prepare(RepairRow.select + " WHERE repair.id = ?")
            try statement.bind(id)
            guard try statement.step() else { return nil }
            let row = try RepairRow(statement)
            statement.reset()
            let (root, direction) = try chain(of: id)
            let record = RepairRecord(
                path: row.path, undoes: row.undoes, actions: try actions(of: id), before: row.before,
                sizeAfter: row.sizeAfter, isUndoable: row.isUndoable, effects: try effects(of: id))
            return JournaledRepair(
                id: id, record: record, state: row.state, after: row.state == .done ? row.after : nil,
                writesID: root, direction: direction)
        }
    }

    package func forEachWrite(
        of id: RepairID, in phase: RepairWrite.Phase, _ body: (RepairWrite) throws(RepairFailure) -> Void
    ) throws(RepairFailure) {
        let statement = try RepairFailure.wrap { () throws(SQLiteError) in
            let columns = RepairWriteRow.columns.joined(separator: ", ")
            let statement = try database.prepare(
                "SELECT \(columns) FROM repair_write WHERE repair_id = ? AND phase = ? ORDER BY number")
            try statement.bind(id, phase.rawValue)
            return statement
        }
        while let write = try RepairFailure.wrap({ () throws(SQLiteError) in
            try statement.step() ? try RepairWriteRow.write(statement) : nil
        }) {
            try body(write)
        }
    }

    package func finish(_ id: RepairID, _ end: RepairEnd) throws(RepairFailure) {
        guard end.state != .prepared else { throw .journal("repair \(id) cannot end as prepared") }
        try change { () throws(RepairFailure) in
            try RepairFailure.wrap { () throws(SQLiteError) in try fillIn(end, of: id) }
        }
    }

    /// The repairs of this host that have not ended, oldest first.
    package func preparedRepairs() throws(RepairFailure) -> [RepairID] {
        try RepairFailure.wrapStore { () throws(StoreError) in try store.preparedRepairs(host: host) }
    }

    /// All repairs of this host, undos too, oldest first.
    package func allRepairs() throws(RepairFailure) -> [RepairID] {
        try RepairFailure.wrap { () throws(SQLiteError) in
            let statement = try database.prepare("SELECT id FROM repair WHERE host = ? ORDER BY id")
            try statement.bind(host)
            var ids: [RepairID] = []
            while try statement.step() { ids.append(try statement.column(0)) }
            return ids
        }
    }

    /// A transaction that is on disk when it has returned.
    private func change<Result>(_ body: () throws(RepairFailure) -> Result) throws(RepairFailure) -> Result {
        // Asked each time: a setting is easily changed through the same connection.
        try RepairFailure.wrapStore { () throws(StoreError) in try store.confirmDurable() }
        return try database.transaction(.immediate, body)
    }
}
