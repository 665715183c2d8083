import Files
import QED
import Repair
import SQLite
import ScanModel

/// The journal of repairs in the store.
///
/// Belongs to one thread at a time, like its store. Keeps no statement, so that the store can be closed at any time.
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

    /// A journal for reading: changes no settings, so the store may be open to read only. A change is refused unless
    /// commits are durable.
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

    /// All repairs of this host, including undos, oldest first.
    package func allRepairs() throws(RepairFailure) -> [RepairID] {
        try RepairFailure.wrap { () throws(SQLiteError) in
            try database.rows("SELECT id FROM repair WHERE host = ? ORDER BY id", [host]) { row throws(SQLiteError) in
                try row.column(0)
            }
        }
    }

    /// Runs a transaction that is on disk when this returns.
    private func change<Result>(_ body: () throws(RepairFailure) -> Result) throws(RepairFailure) -> Result {
        // Tested each time: the connection's settings are easily changed elsewhere.
        try RepairFailure.wrapStore { () throws(StoreError) in try store.confirmDurable() }
        return try database.transaction(.immediate, body)
    }
}

/// Recording a repair that is about to begin.
extension StoreJournal {
    func image(at path: RawPath) throws(RepairFailure) -> Int64 {
        let columns = path.columns
        let found = try RepairFailure.wrap { () throws(SQLiteError) in
            try database.scalar(
                """
                SELECT id FROM image
                WHERE host IN (\(Pool.hostsOfNode)) AND path = ? AND ifnull(path_bytes, x'') = ifnull(?, x'')
                ORDER BY last_scan_id DESC
                """, host, columns.text, columns.bytes)
        }
        guard case .integer(let id) = found else {
            throw .journal("it knows no image \(columns.text.escapingControlCharacters)")
        }
        return id
    }

    func confirmNothingPrepared(for image: Int64) throws(RepairFailure) {
        let found = try RepairFailure.wrap { () throws(SQLiteError) in
            try database.scalar("SELECT id FROM repair WHERE image_id = ? AND state = 'prepared'", image)
        }
        guard case .integer(let id) = found else { return }
        throw .refused(
            Refusal(
                .journal, "its repair \(id) was interrupted",
                advice: "'qedscan repair' recovers it first; or give up with 'repair --give-up \(id)'"))
    }

    func confirmUndoable(_ id: RepairID, of image: Int64) throws(RepairFailure) {
        if let objection = try undoable(id) { throw .refused(Refusal(.journal, objection)) }
        let found = try RepairFailure.wrap { () throws(SQLiteError) in
            try database.scalar("SELECT image_id FROM repair WHERE id = ?", id)
        }
        guard found == .integer(image) else { throw .journal("repair \(id) is of another image") }
    }

    func insert(_ record: RepairRecord, for image: Int64) throws(RepairFailure) -> RepairID {
        try RepairFailure.wrap { () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                INSERT INTO repair (
                    state, image_id, undoes_repair_id, host, version, actions, is_undoable, started_at, size_after,
                    check_result_before_id,
                    device, inode, size_before, mtime_ns_before, ctime_ns_before, header_before,
                    metadata_sha256_before)
                VALUES (
                    'prepared', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
                    (SELECT max(id) FROM check_result WHERE image_id = ?1), ?9, ?10, ?11, ?12, ?13, ?14, ?15)
                """)
            let head: [(any SQLiteBindable)?] = [
                image, record.undoes, host, version,
                try JSONText.array(of: record.actions.map(\.rawValue), in: database),
                record.isUndoable, Timestamp.now(), record.sizeAfter,
            ]
            try statement.bind(head + record.before.columns)
            try statement.run()
            return database.lastInsertRowID
        }
    }

    func insertEffects(_ effects: [GuestEffect], of id: RepairID) throws(RepairFailure) {
        try RepairFailure.wrap { () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                INSERT INTO repair_effect (repair_id, number, kind, action, guest_offset, guest_length)
                VALUES (?, ?, ?, ?, ?, ?)
                """)
            for (index, effect) in effects.enumerated() {
                try statement.run(
                    id, index + 1, effect.kind.rawValue, effect.action.rawValue, effect.range.offset,
                    effect.range.length)
            }
        }
    }

    /// Inserts the writes one by one: together they may need more bytes than there is memory.
    func insertWrites(
        of id: RepairID, isUndo: Bool,
        _ writes: ((RepairWrite) throws(RepairFailure) -> Void) throws(RepairFailure) -> Void
    ) throws(RepairFailure) {
        let statement = try RepairFailure.wrap { () throws(SQLiteError) in
            let columns = ["repair_id", "number"] + RepairWriteRow.columns
            return try database.prepare(
                """
                INSERT INTO repair_write (\(columns.joined(separator: ", ")))
                VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
                """)
        }
        var number = 0
        var failure: RepairFailure?
        try writes { write throws(RepairFailure) in
            do throws(RepairFailure) {
                if let failure { throw failure }
                guard !isUndo else { throw .journal("an undo has no writes of its own") }
                number += 1
                try RepairFailure.wrap { () throws(SQLiteError) in
                    try statement.bind([id, number] + RepairWriteRow.values(write))
                    try statement.run()
                }
            } catch {
                failure = error
                throw error
            }
        }
        // Thrown even if the caller ignored it: a journal that lacks a write must not be kept.
        if let failure { throw failure }
    }
}

/// Recording how a repair ended.
extension StoreJournal {
    func fillIn(_ end: RepairEnd, of id: RepairID) throws(SQLiteError) {
        var resultID: Int64?
        if let check = end.check { resultID = try insert(check, of: id) }
        let statement = try database.prepare(
            """
            UPDATE repair SET state = ?2, message = ?3, finished_at = ?4, check_result_after_id = ?5,
                device_after = ?6, inode_after = ?7, size_after = ifnull(?8, size_after), mtime_ns_after = ?9,
                ctime_ns_after = ?10, header_after = ?11, metadata_sha256_after = ?12
            WHERE id = ?1 AND state = 'prepared'
            """)
        let none = [(any SQLiteBindable)?](repeating: nil, count: 7)
        try statement.bind(
            [id, end.state.rawValue, end.message, Timestamp.now(), resultID] + (end.after?.columns ?? none))
        try statement.run()
        guard database.changes == 1 else {
            throw database.refusal(.mismatch, "repair \(id) does not exist or is not interrupted")
        }
        // After a restart the same file may have another device number.
        guard let identity = end.after?.identity ?? end.check?.status.identity else { return }
        try database.prepare(
            """
            UPDATE image SET device = ?2, inode = ?3
            WHERE id = (SELECT image_id FROM repair WHERE id = ?1) AND (device <> ?2 OR inode <> ?3)
            """
        ).run(id, Int64(bitPattern: identity.device), Int64(bitPattern: identity.inode))
    }

    private func insert(_ check: RepairCheck, of id: RepairID) throws(SQLiteError) -> Int64? {
        let statement = try database.prepare(
            """
            SELECT image.id, last_scan_id, path, path_bytes
            FROM repair JOIN image ON image.id = image_id WHERE repair.id = ?
            """)
        try statement.bind(id)
        guard try statement.step() else { return nil }
        let record = CheckedImage(
            path: try RawPath(statement, at: 2), status: check.status,
            outcome: check.report.outcome, report: check.report, message: check.report.message,
            checkedAt: check.checkedAt, duration: check.duration)
        let row = CheckResultRow(record, scanID: try statement.column(1), repairID: id)
        let imageID = try statement.column(0, as: Int64.self)
        statement.reset()
        return try CheckResultInserter(database).insert(row, imageID: imageID, findings: check.report.findings)
    }
}

/// Reading a repair.
extension StoreJournal {
    /// The repair whose writes a repair replays, and in which direction.
    func chain(of id: RepairID) throws(SQLiteError) -> (root: RepairID, direction: RepairDirection) {
        let parent = try database.prepare("SELECT undoes_repair_id FROM repair WHERE id = ?")
        var (root, direction) = (id, RepairDirection.forward)
        while true {
            try parent.bind(root)
            // The loop ends, since an undone repair has a lower ID, which the table checks.
            guard try parent.step(), let undone = try parent.column(0, as: RepairID?.self) else { break }
            (root, direction) = (undone, direction.reversed)
        }
        parent.reset()
        return (root, direction)
    }

    func actions(of id: RepairID) throws(SQLiteError) -> [RepairAction] {
        try database.rows(
            "SELECT value FROM repair, json_each(actions) WHERE repair.id = ? ORDER BY json_each.key", [id]
        ) { row throws(SQLiteError) in try row.name(at: 0) }
    }

    func effects(of id: RepairID) throws(SQLiteError) -> [GuestEffect] {
        try database.rows(
            "SELECT kind, action, guest_offset, guest_length FROM repair_effect WHERE repair_id = ? ORDER BY number",
            [id]
        ) { row throws(SQLiteError) in
            let range = GuestRange(offset: try row.column(2), length: try row.column(3))
            return GuestEffect(try row.name(at: 0), try row.name(at: 1), range)
        }
    }
}
