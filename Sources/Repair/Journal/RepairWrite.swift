/// One change of an image's bytes, as the journal keeps it: enough to make the change and to take it back.
package struct RepairWrite: Hashable, Sendable {
    /// The steps of a repair in order. The writes of one step may reach the disk in any order; a barrier follows each.
    package enum Phase: String, CaseIterable, Sendable {
        /// Clears entries that the longer file would make valid.
        case detach
        /// Makes the file longer and fills what is new. Nothing refers to it yet.
        case tail
        /// Changes entries of tables.
        case pointer
        /// Gives leaked clusters back: holes are punched, the file is cut.
        case reclaim
        /// Changes the header's feature words, last of all.
        case header
    }

    package enum Content: Hashable, Sendable {
        /// Words of 8 bytes in place, at an offset that is a multiple of 8. As long before as after.
        case words(before: [UInt8], after: [UInt8])
        /// New bytes past the old end of the file.
        case append([UInt8])
        /// New bytes past the old end of the file: those that stand at `source`, as they were before the repair.
        case copy(source: UInt64, length: UInt64)
        /// Bytes that are given back. nil if they were not saved: then it cannot be undone.
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

/// Which way the writes of a repair are gone through.
package enum RepairDirection: Sendable {
    /// From the image before the repair to the one after it.
    case forward
    /// Back: by an undo, or after a crash.
    case backward

    package var reversed: RepairDirection { self == .forward ? .backward : .forward }
}
