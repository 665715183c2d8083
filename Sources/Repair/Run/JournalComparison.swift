import Files
import QED

/// Compares an image with the journal of a repair.
struct JournalComparison {
    private let transition: JournalReplay
    private var storage: any ImageStorage { transition.storage }

    init(_ transition: JournalReplay) { self.transition = transition }

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
                let range = word..<min(word + 8, now.count)
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

    /// Where the new end of the file is not what the repair put there, zeros where it put nothing; nil if it is.
    func firstDifferenceInTail() throws(RepairFailure) -> UInt64? {
        guard transition.sizeAfter > transition.sizeBefore else { return nil }
        return try firstDifference(
            from: try transition.imageWithTail(),
            in: transition.sizeBefore..<max(min(storage.size, transition.sizeAfter), transition.sizeBefore))
    }

    /// Where something was written into what the file lacked of its last cluster, nil if nothing was. Entries refer to
    /// that cluster all the time.
    func firstByteInPartialCluster() throws(RepairFailure) -> UInt64? {
        let whole = transition.imageBefore
        let header = try RepairFailure.wrap { () throws(SystemError) in try HeaderPass.readHeader(whole) }
        let end = OverlaySource(completing: whole, header: header).size
        guard transition.sizeAfter > transition.sizeBefore else { return nil }
        return try firstDifference(
            from: OverlaySource(whole, writes: [], direction: .forward, size: end),
            in: transition.sizeBefore..<max(min(storage.size, end), transition.sizeBefore))
    }

    /// How far a repair that gives leaked bytes back has come.
    enum Release {
        /// It gives none back.
        case none
        /// The bytes are in the journal.
        case saved
        case notBegun
        case begun
    }

    func release() throws(RepairFailure) -> Release {
        var (hasAny, isSaved, hasHole) = (false, true, false)
        try transition.journal.forEachWrite(of: transition.id, in: .reclaim) { write throws(RepairFailure) in
            guard case .release(let length, let saved) = write.content else { return }
            hasAny = true
            if saved == nil { isSaved = false }
            guard !hasHole else { return }
            // It had data from its first byte to its last when it was planned.
            let data = try RepairFailure.wrap { () throws(SystemError) in
                try storage.nextData(from: ByteOffset(write.offset))
            }
            hasHole = data.map { $0.lowerBound > write.offset || $0.upperBound < write.offset + length } ?? true
        }
        guard hasAny else { return .none }
        if isSaved { return .saved }
        return hasHole || storage.size < transition.sizeBefore ? .begun : .notBegun
    }

    private func firstDifference(
        from expected: any ImageSource, in range: Range<UInt64>
    ) throws(RepairFailure) -> UInt64? {
        var difference: UInt64?
        try JournalReplay.forEachPiece(of: UInt64(range.count)) { done, buffer throws(RepairFailure) in
            guard difference == nil else { return }
            let offset = range.lowerBound + done
            try RepairFailure.wrap { () throws(SystemError) in
                try expected.readPadded(into: buffer, at: ByteOffset(offset))
                let found = try storage.bytes(at: ByteOffset(offset), count: buffer.count)
                guard !found.elementsEqual(buffer) else { return }
                difference = offset + UInt64(zip(found, buffer).prefix { $0 == $1 }.count)
            }
        }
        return difference
    }
}
