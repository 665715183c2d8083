import Files
import QED

/// Compares an image with the writes in the journal of a repair.
struct JournalComparison {
    private let replay: JournalReplay
    private var storage: any ImageStorage { replay.storage }

    init(_ replay: JournalReplay) { self.replay = replay }

    /// Which words of a repair the image has.
    enum Words: Equatable {
        /// Those from before the repair.
        case before
        /// Those from after the repair.
        case after
        /// Some from before, others from after: the repair was interrupted.
        case mixed
        /// The word at this offset is neither the old nor the new one.
        case foreign(UInt64)
    }

    /// Compares the words, with or without those of the header.
    func words(exceptHeader: Bool = false) throws(RepairFailure) -> Words {
        var (hasBefore, hasAfter) = (false, false)
        for write in replay.words where !(exceptHeader && write.phase == .header) {
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

    /// Whether any entry that the repair has given a new cluster or table refers to it now.
    func refersToTail() throws(RepairFailure) -> Bool {
        let tail = replay.sizeBefore..<max(replay.sizeAfter, replay.sizeBefore)
        for write in replay.words where write.phase == .pointer {
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

    /// The first offset in the new end of the file that differs from what the repair has written there; nil if nothing
    /// does.
    func firstDifferenceInTail() throws(RepairFailure) -> UInt64? {
        guard replay.sizeAfter > replay.sizeBefore else { return nil }
        return try firstDifference(
            from: try replay.imageWithTail(),
            in: replay.sizeBefore..<max(min(storage.size, replay.sizeAfter), replay.sizeBefore))
    }

    /// The first offset with a byte other than zero in the new part of the file's last, partial cluster; nil if there
    /// is none. Entries have referred to that cluster all the time.
    func firstByteInPartialCluster() throws(RepairFailure) -> UInt64? {
        let whole = replay.imageBefore
        let header = try RepairFailure.wrap { () throws(SystemError) in try Header(reading: whole) }
        let end = OverlaySource(completing: whole, header: header).size
        guard replay.sizeAfter > replay.sizeBefore else { return nil }
        return try firstDifference(
            from: OverlaySource(whole, writes: [], direction: .forward, size: end),
            in: replay.sizeBefore..<max(min(storage.size, end), replay.sizeBefore))
    }

    /// How far a repair has come with giving back leaked bytes.
    enum Release {
        /// It gives none back.
        case none
        /// The journal has the bytes.
        case saved
        case notBegun
        case begun
    }

    func release() throws(RepairFailure) -> Release {
        var (hasAny, isSaved, hasHole) = (false, true, false)
        try replay.journal.forEachWrite(of: replay.id, in: .reclaim) { write throws(RepairFailure) in
            guard case .release(let length, let saved) = write.content else { return }
            hasAny = true
            if saved == nil { isSaved = false }
            guard !hasHole else { return }
            // When it was planned, it had data from its first byte to its last.
            let data = try RepairFailure.wrap { () throws(SystemError) in
                try storage.nextData(from: ByteOffset(write.offset))
            }
            hasHole = data.map { $0.lowerBound > write.offset || $0.upperBound < write.offset + length } ?? true
        }
        guard hasAny else { return .none }
        if isSaved { return .saved }
        return hasHole || storage.size < replay.sizeBefore ? .begun : .notBegun
    }

    private func firstDifference(
        from expected: any ImageSource, in range: Range<UInt64>
    ) throws(RepairFailure) -> UInt64? {
        var difference: UInt64?
        try PieceReading.forEachPiece(of: UInt64(range.count)) { done, buffer throws(RepairFailure) in
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
