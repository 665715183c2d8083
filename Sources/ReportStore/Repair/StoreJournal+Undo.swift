import QED
import Repair

/// Which repair can be undone.
extension StoreJournal {
    /// Why a repair may not be undone next, as a clause; nil if it may.
    ///
    /// Undone is newest first, as `RepairStack` has it.
    package func undoable(_ id: RepairID) throws(RepairFailure) -> String? {
        try RepairFailure.wrap { () throws(SQLiteError) in
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
            return try stack(ofImageOf: id).objection(to: id)
        }
    }

    /// The newest repair of the same image that is in effect and no undo: the top of its `RepairStack`.
    package func newestRepair(ofImageOf id: RepairID) throws(RepairFailure) -> RepairID? {
        try RepairFailure.wrap { () throws(SQLiteError) in try stack(ofImageOf: id).top }
    }

    /// The image of a repair as the last one of that image left it, done or rolled back; nil if that is not known.
    ///
    /// What the image has to be like before an undo: with undone repairs in between its times are not those at the end
    /// of the repair to be undone.
    package func lastFingerprint(ofImageOf id: RepairID) throws(RepairFailure) -> ImageFingerprint? {
        try RepairFailure.wrap { () throws(SQLiteError) in
            let statement = try database.prepare(
                RepairRow.select + """
                     WHERE image_id = (SELECT image_id FROM repair WHERE id = ?) AND state <> 'prepared'
                    ORDER BY repair.id DESC LIMIT 1
                    """)
            try statement.bind(id)
            guard try statement.step() else { return nil }
            defer { statement.reset() }
            let row = try RepairRow(statement)
            return row.state == .conflict ? nil : row.after
        }
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
