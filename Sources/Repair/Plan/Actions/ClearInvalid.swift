import QED

/// Clears entries whose offset cannot be used, as `qemu-img check -r` does.
enum ClearInvalid: PlannedAction {
    static let action = RepairAction.clearInvalid

    static func plan(_ draft: inout PlanDraft, reading source: any ImageSource) {
        let faults = draft.survey.faults
        for fault in faults where fault.fault != .truncated {
            guard draft.options.invalidEntries != .keep else {
                draft.leave(1, because: "invalid entries are kept, as requested")
                continue
            }
            guard draft.mayChange(fault.word) else {
                draft.leave(1, because: Unrepaired.overlapReason)
                continue
            }
            clear(fault.word, in: &draft)
        }
        // Only `extend-tail` repairs these: QEMU would drop the bytes that are there.
        draft.leave(
            faults.count { $0.fault == .truncated }, because: "the file ends within them; extend-tail repairs that")
    }

    private static func clear(_ word: EntryWord, in draft: inout PlanDraft) {
        // An unallocated entry reads as zeros where there is no backing file.
        let needsZeros = draft.options.invalidEntries == .zero && draft.survey.header.namesBackingFile
        guard needsZeros else {
            draft.change(word, to: 0, for: action)
            draft.note(draft.options.invalidEntries == .zero ? .zeroed : .unallocated, action, at: word.place)
            return
        }
        if word.place.l2Index != nil {
            draft.change(word, to: 1, for: action)
        } else if !putZeroTable(at: word, in: &draft) {
            return
        }
        draft.note(.zeroed, action, at: word.place)
    }

    /// No value of an L1 entry reads as zeros, so it gets an L2 table of zero clusters.
    private static func putZeroTable(at word: EntryWord, in draft: inout PlanDraft) -> Bool {
        let geometry = draft.geometry
        if let refusal = draft.refusal(ofTableWithClusters: geometry.tableClusters) {
            draft.leave(1, because: refusal)
            return false
        }
        let table = draft.takeClusters(geometry.tableClusters)
        let entries = geometry.entriesInImage(
            of: word.place.l1Index, from: 0, count: geometry.entriesPerTable)
        let perPiece = TableReading.pieceByteCount / 8
        for first in stride(from: 0, to: entries, by: perPiece) {
            let count = min(perPiece, entries - first)
            let bytes = [UInt8]((0..<count).flatMap { _ in UInt64(1).bytes })
            draft.append(bytes, at: table + UInt64(first) * 8, for: action)
        }
        draft.change(word, to: table, for: action)
        return true
    }
}
