import QED
import Repair
import SQLite

/// Reading a repair.
extension StoreJournal {
    /// The repair whose writes a repair goes through, and which way.
    func chain(of id: RepairID) throws(SQLiteError) -> (root: RepairID, direction: RepairDirection) {
        let parent = try database.prepare("SELECT undoes_repair_id FROM repair WHERE id = ?")
        var (root, direction) = (id, RepairDirection.forward)
        while true {
            try parent.bind(root)
            // Ends: what a repair undoes has a lower ID, which the table checks.
            guard try parent.step(), let undone = try parent.column(0, as: RepairID?.self) else { break }
            (root, direction) = (undone, direction.reversed)
        }
        parent.reset()
        return (root, direction)
    }

    func actions(of id: RepairID) throws(SQLiteError) -> [RepairAction] {
        let statement = try database.prepare(
            "SELECT value FROM repair, json_each(actions) WHERE repair.id = ? ORDER BY json_each.key")
        try statement.bind(id)
        var actions: [RepairAction] = []
        while try statement.step() { actions.append(try statement.name(at: 0)) }
        return actions
    }

    func effects(of id: RepairID) throws(SQLiteError) -> [GuestEffect] {
        let statement = try database.prepare(
            "SELECT kind, action, guest_offset, guest_length FROM repair_effect WHERE repair_id = ? ORDER BY number")
        try statement.bind(id)
        var effects: [GuestEffect] = []
        while try statement.step() {
            let range = GuestRange(offset: try statement.column(2), length: try statement.column(3))
            effects.append(GuestEffect(try statement.name(at: 0), try statement.name(at: 1), range))
        }
        return effects
    }
}
