/// One change to the bytes of an image, as the journal keeps it: enough to make it and to roll it back.
package struct RepairWrite: Hashable, Sendable {
    /// The phases of a repair, in the order of the cases. The writes of one phase may reach the disk in any order; a
    /// barrier follows each phase. The header comes last, after the result has been confirmed.
    package enum Phase: String, CaseIterable, Sendable {
        /// Clears entries that a longer file would make valid.
        case detach
        /// Extends the file and fills the new part. Nothing refers to it yet.
        case tail
        /// Changes entries of tables.
        case pointer
        /// Gives leaked clusters back: punches holes and cuts the file.
        case reclaim
        /// Changes the header's feature words.
        case header
    }

    package enum Content: Hashable, Sendable {
        /// Words of 8 bytes in place, at an offset that is a multiple of 8. Both arrays have the same length.
        case words(before: [UInt8], after: [UInt8])
        /// New bytes past the old end of the file.
        case append([UInt8])
        /// New bytes past the old end of the file: a copy of those at `source` before the repair.
        case copy(source: UInt64, length: UInt64)
        /// Bytes that are given back. Unless they were saved, the repair cannot be undone.
        case release(length: UInt64, saved: [UInt8]?)
    }

    package let phase: Phase
    package let action: RepairAction
    /// Bytes from the start of the file.
    package let offset: UInt64
    package let content: Content

    package init(_ phase: Phase, _ action: RepairAction, at offset: UInt64, _ content: Content) {
        self.phase = phase
        self.action = action
        self.offset = offset
        self.content = content
    }

    /// Bytes.
    package var length: UInt64 {
        switch content {
        case .words(let before, _): UInt64(before.count)
        case .append(let bytes): UInt64(bytes.count)
        case .copy(_, let length), .release(let length, _): length
        }
    }
}

/// The direction in which the writes of a repair are made.
package enum RepairDirection: Sendable {
    /// From the image before the repair to the one after it.
    case forward
    /// Back, by an undo or after a crash.
    case backward

    package var reversed: RepairDirection { self == .forward ? .backward : .forward }
}

/// A change of one word of 8 bytes in place: an entry of a table, or a field of the header.
struct WordChange: Hashable, Sendable {
    let phase: RepairWrite.Phase
    let action: RepairAction
    /// Bytes from the start of the file, a multiple of 8.
    let offset: UInt64
    let before: UInt64
    let after: UInt64
}

extension [WordChange] {
    /// Neighbours within a block of this many bytes become one write.
    private static var blockSize: UInt64 { 4096 }

    /// The changes as writes, in the order of phases and offsets. Neighbours become one write.
    func writes() -> [RepairWrite] {
        var writes: [RepairWrite] = []
        var run: [WordChange] = []
        func flush() {
            guard let first = run.first else { return }
            writes.append(
                RepairWrite(
                    first.phase, first.action, at: first.offset,
                    .words(before: run.flatMap(\.before.bytes), after: run.flatMap(\.after.bytes))))
            run = []
        }
        for change in sorted(by: { ($0.phase.position, $0.offset) < ($1.phase.position, $1.offset) }) {
            if let last = run.last, !change.continues(last, blockSize: Self.blockSize) { flush() }
            run.append(change)
        }
        flush()
        return writes
    }
}

extension WordChange {
    fileprivate func continues(_ last: WordChange, blockSize: UInt64) -> Bool {
        last.phase == phase && last.action == action && offset == last.offset + 8 && offset % blockSize != 0
    }
}

extension RepairWrite.Phase {
    /// Its place in the order of phases.
    package var position: Int { RepairWrite.Phase.allCases.firstIndex(of: self) ?? 0 }
}

extension UInt64 {
    /// The 8 bytes as in a file, least significant first.
    var bytes: [UInt8] { Swift.withUnsafeBytes(of: littleEndian) { Array($0) } }

    /// The number whose 8 bytes in a file these are.
    init(bytes: ArraySlice<UInt8>) { self = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
