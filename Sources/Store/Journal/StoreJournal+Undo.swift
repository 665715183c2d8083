import Files
import Repair
import SQLite

/// Which repair can be undone.
extension StoreJournal {
    /// Why a repair may not be undone next, as a clause; nil if it may.
    ///
    /// Undone is newest first, as `RepairStack` has it.
    package func undoable(_ id: RepairID) throws(RepairFailure) -> String? {
        try RepairFailure.wrap { () throws(SQLiteError) in try objection(to: id) }
    }

    func objection(to id: RepairID) throws(SQLiteError) -> String? {
        let statement = try database.prepare("SELECT host, state, is_undoable FROM repair WHERE id = ?")
        try statement.bind(id)
        guard try statement.step() else { return "there is no repair \(id)" }
        defer { statement.reset() }
        let repairHost: String = try statement.column(0)
        guard repairHost == host else { return "repair \(id) is of host \(repairHost)" }
        switch try statement.name(at: 1, as: RepairState.self) {
        case .prepared: return "repair \(id) has not ended"
        case .rolledBack: return "repair \(id) was not made: it was taken back to where it began"
        case .conflict: return "repair \(id) was not made to its end"
        case .done: break
        }
        guard try statement.column(2) else {
            return "repair \(id) cannot be undone: bytes that it gave back were not saved"
        }
        if let objection = try stack(ofImageOf: id).objection(to: id) { return objection }
        return try chainObjection(since: id)
    }

    private func chainObjection(since id: RepairID) throws(SQLiteError) -> String? {
        guard try lastOfChain(since: id) == nil else { return nil }
        return "the image was used between repair \(id) and a later one, so it cannot be undone any more"
    }

    /// The newest repair of the same image that is in effect and no undo: the top of its `RepairStack`.
    package func newestRepair(ofImageOf id: RepairID) throws(RepairFailure) -> RepairID? {
        try RepairFailure.wrap { () throws(SQLiteError) in try stack(ofImageOf: id).top }
    }

    package func lastFingerprint(since id: RepairID) throws(RepairFailure) -> ImageFingerprint? {
        try RepairFailure.wrap { () throws(SQLiteError) in try lastOfChain(since: id) }
    }

    /// The image as the last ended repair left it, if each one since `id` began with what the one before it left.
    func lastOfChain(since id: RepairID) throws(SQLiteError) -> ImageFingerprint? {
        let statement = try database.prepare(
            RepairRow.select + """
                 WHERE image_id = (SELECT image_id FROM repair WHERE id = ?1) AND repair.id >= ?1
                    AND state <> 'prepared'
                ORDER BY repair.id
                """)
        try statement.bind(id)
        var last: ImageFingerprint?
        var isFirst = true
        while try statement.step() {
            let row = try RepairRow(statement)
            // Refused before its first write: it left the image as it was.
            if row.state == .rolledBack, row.after == nil { continue }
            let continues = isFirst || last.map { row.before.identity.isContinued(from: $0.identity) } ?? false
            last = continues && row.state != .conflict ? row.after : nil
            isFirst = false
        }
        return last
    }

    private func stack(ofImageOf id: RepairID) throws(SQLiteError) -> RepairStack {
        let statement = try database.prepare(
            """
            SELECT id, undoes_repair_id FROM repair
            WHERE image_id = (SELECT image_id FROM repair WHERE id = ?) AND state = 'done' ORDER BY id
            """)
        try statement.bind(id)
        var entries: [RepairStack.Entry] = []
        while try statement.step() {
            entries.append(RepairStack.Entry(id: try statement.column(0), undoes: try statement.column(1)))
        }
        return RepairStack(entries)
    }
}

extension FileIdentity {
    /// Whether it is the file that a repair left, unchanged since. A restart may give its device another number, and
    /// who changes its owner changes no contents.
    fileprivate func isContinued(from last: FileIdentity) -> Bool {
        inode == last.inode && size == last.size && modificationTime == last.modificationTime
    }
}
