import Files
import QED

/// What a repair would do to an image. It depends on the image alone, not on what a store says.
public struct RepairPlan: Sendable {
    /// What the check finds now.
    public let before: CheckResult
    /// What a check would find afterwards.
    public let after: CheckResult
    /// In the order of `RepairAction`; empty if there is nothing to do.
    public let actions: [RepairAction]
    /// Guest bytes that will read differently.
    public let effects: [GuestEffect]
    /// What is wrong and stays wrong.
    public let left: [Unrepaired]
    /// Bytes of the file.
    public let sizeBefore: UInt64
    public let sizeAfter: UInt64
    /// Whether the journal will have everything that the repair changes.
    public let isUndoable: Bool

    /// In the order of phases, without the bytes that are given back.
    package let writes: [RepairWrite]
    /// Ranges of leaked bytes that are given back.
    package let releases: [Range<UInt64>]
    let savesLeaked: Bool

    public var isEmpty: Bool { actions.isEmpty }

    /// How many entries and header fields an action changes.
    public func changedWords(by action: RepairAction) -> UInt64 {
        writes.reduce(0) { sum, write in
            guard write.action == action, case .words = write.content else { return sum }
            return sum + write.length / 8
        }
    }

    /// How many bytes an action copies.
    public func copiedBytes(by action: RepairAction) -> UInt64 {
        writes.reduce(0) { sum, write in
            guard write.action == action, case .copy(_, let length) = write.content else { return sum }
            return sum + length
        }
    }

    /// How many leaked bytes are given back.
    public var releasedBytes: UInt64 { releases.reduce(0) { $0 + UInt64($1.count) } }
}

extension RepairPlan {
    /// The plan for an image that is not changed.
    init(nothingFor report: CheckResult, size: UInt64, left: [Unrepaired]) {
        self.init(
            before: report, after: report, actions: [], effects: [], left: left, sizeBefore: size, sizeAfter: size,
            isUndoable: true, writes: [], releases: [], savesLeaked: false)
    }

    init(_ draft: PlanDraft, before: CheckResult, after: CheckResult) {
        let writes = draft.writes()
        var actions = Set(writes.map(\.action))
        if !draft.releases.isEmpty || draft.sizeAfter < draft.survey.fileSize { actions.insert(.reclaimLeaks) }
        if draft.extendsTail { actions.insert(.extendTail) }
        self.init(
            before: before, after: after, actions: actions.sorted(), effects: draft.effects, left: draft.left,
            sizeBefore: draft.survey.fileSize, sizeAfter: draft.sizeAfter,
            isUndoable: draft.releases.isEmpty || draft.options.savesLeaked, writes: writes,
            releases: draft.releases, savesLeaked: draft.options.savesLeaked)
    }
}

extension RepairPlan {
    /// Whether another plan changes the same bytes.
    func doesTheSame(as other: RepairPlan) -> Bool {
        writes == other.writes && releases == other.releases && sizeBefore == other.sizeBefore
            && sizeAfter == other.sizeAfter
    }

    /// Calls a function with every write for the journal. Bytes to be saved and given back are read now.
    func forEachWrite(
        reading source: any ImageSource, _ body: (RepairWrite) throws(RepairFailure) -> Void
    ) throws(RepairFailure) {
        for write in writes { try body(write) }
        for range in releases {
            guard savesLeaked else {
                let content = RepairWrite.Content.release(length: UInt64(range.count), saved: nil)
                try body(RepairWrite(.reclaim, .reclaimLeaks, at: range.lowerBound, content))
                continue
            }
            try PieceReading.forEachPiece(of: UInt64(range.count)) { done, buffer throws(RepairFailure) in
                let offset = range.lowerBound + done
                try RepairFailure.wrap { () throws(SystemError) in
                    try source.readPadded(into: buffer, at: ByteOffset(offset))
                }
                let content = RepairWrite.Content.release(length: UInt64(buffer.count), saved: Array(buffer))
                try body(RepairWrite(.reclaim, .reclaimLeaks, at: offset, content))
            }
        }
    }
}
