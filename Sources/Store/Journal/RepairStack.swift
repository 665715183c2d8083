import Repair

/// The order in which the repairs of an image can be undone.
///
/// A repair is pushed. Its undo pops it, and as an undo may itself be undone, the undo of an undo pushes it again. The
/// next that may be undone is the top, or an undo that is the newest of all: nothing can have changed since.
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
        // Up the chain: what it undoes is not in effect any more, what that one undid is again, and so on.
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
