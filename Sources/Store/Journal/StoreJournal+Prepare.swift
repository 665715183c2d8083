import Files
import Repair
import SQLite

/// Writing down a repair that is about to begin.
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
                .journal, "repair \(id) of it has not ended",
                advice: "the next repair settles that first; --give-up leaves it"))
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
                image, record.undoes, host, version, try store.jsonArray(record.actions.map(\.rawValue)),
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

    /// Inserts each write as it comes: there may be more bytes in all than memory.
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
        // Also if the caller passed over it: a journal that lacks a write must not be kept.
        if let failure { throw failure }
    }
}
