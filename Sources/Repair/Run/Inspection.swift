import QED

/// Compares an image with the journal of a repair.
struct Inspection {
    private let transition: Transition
    private var storage: any ImageStorage { transition.storage }

    init(_ transition: Transition) { self.transition = transition }

    /// How the words of a repair stand in the image.
    enum Words: Equatable {
        /// All as before it.
        case before
        /// All as after it.
        case after
        /// Some as before it, others as after it: it was interrupted.
        case mixed
        /// Something else stands at an offset.
        case foreign(UInt64)
    }

    /// How the words stand, those of the header aside if so asked.
    func words(exceptHeader: Bool = false) throws(RepairFailure) -> Words {
        var (hasBefore, hasAfter) = (false, false)
        for write in transition.words where !(exceptHeader && write.phase == .header) {
            guard case .words(let before, let after) = write.content else { continue }
            let now = try RepairFailure.wrap { () throws(SystemError) in
                try storage.bytes(at: ByteOffset(write.offset), count: before.count)
            }
            for word in stride(from: 0, to: now.count, by: 8) {
                let range = word..<word + 8
                if now[range] == before[range] {
                    hasBefore = true
                } else if now[range] == after[range] {
                    hasAfter = true
                } else {
                    return .foreign(write.offset + UInt64(word))
                }
            }
        }
        if hasBefore, hasAfter { return .mixed }
        return hasAfter ? .after : .before
    }

    /// Whether some entry that the repair gave a new cluster or table refers to it now.
    func refersToTail() throws(RepairFailure) -> Bool {
        let tail = transition.sizeBefore..<max(transition.sizeAfter, transition.sizeBefore)
        for write in transition.words where write.phase == .pointer {
            guard case .words(_, let after) = write.content else { continue }
            let now = try RepairFailure.wrap { () throws(SystemError) in
                try storage.bytes(at: ByteOffset(write.offset), count: after.count)
            }
            for word in stride(from: 0, to: now.count, by: 8) where now[word..<word + 8] == after[word..<word + 8] {
                if tail.contains(UInt64(bytes: now[word..<word + 8])) { return true }
            }
        }
        return false
    }

    /// Where the new end of the file is not what the repair put there, nil if it is.
    func firstDifferenceInTail() throws(RepairFailure) -> UInt64? {
        let source = transition.imageBefore
        var difference: UInt64?
        try transition.journal.forEachWrite(of: transition.id, in: .tail) { write throws(RepairFailure) in
            guard difference == nil else { return }
            switch write.content {
            case .append(let bytes):
                let now = try RepairFailure.wrap { () throws(SystemError) in
                    try storage.bytes(at: ByteOffset(write.offset), count: bytes.count)
                }
                if now != bytes { difference = write.offset }
            case .copy(let offset, let length):
                difference = try firstDifference(source, offset, write.offset, length: length)
            case .words, .release: break
            }
        }
        return difference
    }

    private func firstDifference(
        _ source: OverlaySource, _ offset: UInt64, _ target: UInt64, length: UInt64
    ) throws(RepairFailure) -> UInt64? {
        var difference: UInt64?
        try Transition.forEachPiece(of: length) { done, buffer throws(RepairFailure) in
            guard difference == nil else { return }
            try RepairFailure.wrap { () throws(SystemError) in
                try source.readPadded(into: buffer, at: ByteOffset(offset + done))
                let copy = try storage.bytes(at: ByteOffset(target + done), count: buffer.count)
                if !copy.elementsEqual(buffer) { difference = target + done }
            }
        }
        return difference
    }
}
