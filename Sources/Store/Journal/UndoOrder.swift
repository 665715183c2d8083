import Files
import Repair
import SQLite

/// Which repair can be undone.
extension StoreJournal {
    /// Why a repair may not be undone next, as a clause; nil if it may.
    ///
    /// Repairs are undone newest first, see `RepairStack`.
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
        case .prepared: return "repair \(id) is not finished"
        case .rolledBack: return "repair \(id) was rolled back, so there is nothing to undo"
        case .conflict: return "repair \(id) did not finish (conflict)"
        case .done: break
        }
        guard try statement.column(2) else {
            return "repair \(id) cannot be undone: the leaked clusters that it reclaimed were not saved"
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

    /// The image as the last ended repair left it, if each repair since `id` began with what the one before it left;
    /// else nil.
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
            // It was refused before its first write, so it left the image unchanged.
            if row.state == .rolledBack, row.after == nil { continue }
            let continues = isFirst || last.map { row.before.identity.isContinued(from: $0.identity) } ?? false
            last = continues && row.state != .conflict ? row.after : nil
            isFirst = false
        }
        return last
    }

    private func stack(ofImageOf id: RepairID) throws(SQLiteError) -> RepairStack {
        RepairStack(
            try database.rows(
                """
                SELECT id, undoes_repair_id FROM repair
                WHERE image_id = (SELECT image_id FROM repair WHERE id = ?) AND state = 'done' ORDER BY id
                """, [id]
            ) { row throws(SQLiteError) in RepairStack.Entry(id: try row.column(0), undoes: try row.column(1)) })
    }
}

extension FileIdentity {
    /// Whether this is the file that a repair left, unchanged since. A reboot may give its device another number, and a
    /// change of owner does not change the contents.
    func isContinued(from last: FileIdentity) -> Bool {
        inode == last.inode && size == last.size && modificationTime == last.modificationTime
    }
}

/// The order in which the repairs of an image can be undone.
///
/// A repair is pushed, and its undo pops it. An undo may itself be undone, which pushes the repair again. Only two can
/// be undone next: the top, and an undo that is the newest of all, since nothing can have changed after it.
struct RepairStack {
    /// A repair that is done.
    struct Entry {
        let id: RepairID
        let undoes: RepairID?
    }

    /// The newest repair that is in effect and no undo.
    var top: RepairID? { inEffect.last }
    /// The newest of all, undos included.
    private(set) var newest: RepairID?

    private var inEffect: [RepairID] = []
    private var parents: [RepairID: RepairID] = [:]
    private var undoers: [RepairID: RepairID] = [:]

    /// - Parameter entries: all done repairs of one image, by ID.
    init(_ entries: [Entry]) {
        for entry in entries { add(entry) }
    }

    func isUndo(_ id: RepairID) -> Bool { parents[id] != nil }

    /// The undo of a repair that is in effect.
    func undoer(of id: RepairID) -> RepairID? { undoers[id] }

    /// Why a done repair may not be undone next, as a clause; nil if it may.
    func objection(to id: RepairID) -> String? {
        if let undoer = undoers[id] { return "repair \(id) is already undone, by repair \(undoer)" }
        if id == top || id == newest { return nil }
        if isUndo(id), let newest {
            return "repair \(id) is an undo, which can be undone only while it is the newest: "
                + "repair \(newest) came after it"
        }
        return top.map { "the newer repair \($0) of the same image must be undone first" }
            ?? "repair \(id) is not in effect"
    }

    private mutating func add(_ entry: Entry) {
        newest = entry.id
        guard let undone = entry.undoes else {
            inEffect.append(entry.id)
            return
        }
        parents[entry.id] = undone
        // Go up the chain: what it undoes is no longer in effect, what that one undid is in effect again, and so on.
        var child = entry.id
        var isUndone = true
        while let parent = parents[child] {
            undoers[parent] = isUndone ? child : nil
            (child, isUndone) = (parent, !isUndone)
        }
        // The child is now the repair at the end of the chain.
        if undoers[child] == nil {
            inEffect.append(child)
        } else if let index = inEffect.lastIndex(of: child) {
            inEffect.remove(at: index)
        }
    }
}
