import Files
import Glibc
import QED

/// Makes the writes in the journal of a repair, forward or backward.
///
/// Each phase ends with a barrier if it has written anything. Every phase can be repeated from the start, in either
/// direction: a word is written whatever is there, and a file is cut whatever its length, since after a failed fsync(2)
/// a read does not prove what is on disk.
struct JournalReplay {
    let storage: any ImageStorage
    let journal: any RepairJournal
    /// The repair whose writes these are.
    let id: RepairID
    /// Bytes of the file before and after that repair.
    let sizeBefore: UInt64
    let sizeAfter: UInt64
    /// All writes in place.
    let words: [RepairWrite]

    /// - Parameter root: the repair that has the writes: not an undo.
    init(_ storage: any ImageStorage, _ journal: any RepairJournal, root: JournaledRepair) throws(RepairFailure) {
        self.storage = storage
        self.journal = journal
        id = root.id
        sizeBefore = root.record.before.identity.size
        sizeAfter = root.record.sizeAfter
        var words: [RepairWrite] = []
        for phase in RepairWrite.Phase.allCases where phase != .tail && phase != .reclaim {
            try journal.forEachWrite(of: root.id, in: phase) { words.append($0) }
        }
        self.words = words
    }

    /// The image before the repair, whatever its state is now.
    var imageBefore: OverlaySource {
        OverlaySource(storage, writes: words, direction: .backward, size: sizeBefore)
    }

    /// Runs all phases.
    func run(_ direction: RepairDirection) throws(RepairFailure) {
        let phases = RepairWrite.Phase.allCases
        for phase in direction == .forward ? phases : phases.reversed() { try run(phase, direction) }
    }

    /// Runs one phase and its barrier.
    func run(_ phase: RepairWrite.Phase, _ direction: RepairDirection) throws(RepairFailure) {
        switch (phase, direction) {
        case (.detach, _), (.pointer, _), (.header, _): try writeWords(of: phase, direction)
        case (.tail, .forward): try writeTail()
        case (.tail, .backward): try cutTail()
        case (.reclaim, .forward): try releaseLeaks()
        case (.reclaim, .backward): try restoreLeaks()
        }
    }

    /// The image before the repair, with the end of the file that the repair makes.
    func imageWithTail() throws(RepairFailure) -> OverlaySource {
        var tail: [RepairWrite] = []
        try journal.forEachWrite(of: id, in: .tail) { tail.append($0) }
        return OverlaySource(imageBefore, writes: tail, direction: .forward, size: max(sizeAfter, sizeBefore))
    }

    // MARK: - Phases

    private func writeWords(of phase: RepairWrite.Phase, _ direction: RepairDirection) throws(RepairFailure) {
        var isChanged = false
        for write in words where write.phase == phase {
            guard case .words(let before, let after) = write.content else { continue }
            try self.write(direction == .forward ? after : before, at: write.offset)
            isChanged = true
        }
        if isChanged { try synchronize { () throws(SystemError) in try storage.syncData() } }
    }

    private func writeTail() throws(RepairFailure) {
        guard sizeAfter > sizeBefore else { return }
        // Space is allocated first, so that a full disk shows before any entry has changed.
        if storage.size < sizeAfter {
            try RepairFailure.wrap { () throws(SystemError) in try storage.extend(to: sizeAfter) }
        }
        let source = imageBefore
        try journal.forEachWrite(of: id, in: .tail) { write throws(RepairFailure) in
            switch write.content {
            case .append(let bytes): try self.write(bytes, at: write.offset)
            case .copy(let offset, let length): try copy(from: source, at: offset, to: write.offset, length: length)
            case .words, .release: break
            }
        }
        try synchronize { () throws(SystemError) in try storage.syncData() }
    }

    private func cutTail() throws(RepairFailure) {
        guard sizeAfter > sizeBefore, storage.size >= sizeBefore else { return }
        try RepairFailure.wrap { () throws(SystemError) in try storage.cut(to: sizeBefore) }
        try synchronize { () throws(SystemError) in try storage.sync() }
    }

    private func releaseLeaks() throws(RepairFailure) {
        var isChanged = false
        try journal.forEachWrite(of: id, in: .reclaim) { write throws(RepairFailure) in
            let end = min(write.offset.saturatingAdd(write.length), sizeAfter)
            guard write.offset < end else { return }
            do throws(SystemError) {
                try storage.punchHole(at: ByteOffset(write.offset), length: end - write.offset)
                isChanged = true
            } catch {
                // A file system without holes cannot take anything back.
                guard error.code == EOPNOTSUPP || error.code == ENOSYS else { throw .image(error) }
            }
        }
        if sizeAfter < sizeBefore, storage.size >= sizeAfter {
            try RepairFailure.wrap { () throws(SystemError) in try storage.cut(to: sizeAfter) }
            isChanged = true
        }
        if isChanged { try synchronize { () throws(SystemError) in try storage.sync() } }
    }

    private func restoreLeaks() throws(RepairFailure) {
        if sizeAfter < sizeBefore {
            // Repeated even if the length is right already: an earlier attempt may never have reached the disk.
            try RepairFailure.wrap { () throws(SystemError) in
                if storage.size > sizeAfter { try storage.cut(to: sizeAfter) }
                try storage.extend(to: sizeBefore)
            }
        }
        var isChanged = sizeAfter < sizeBefore
        try journal.forEachWrite(of: id, in: .reclaim) { write throws(RepairFailure) in
            guard case .release(_, let saved) = write.content, let saved else {
                throw .unexpected("the leaked bytes were not saved")
            }
            try self.write(saved, at: write.offset)
            isChanged = true
        }
        if isChanged { try synchronize { () throws(SystemError) in try storage.syncData() } }
    }

    // MARK: - Bytes

    private func write(_ bytes: [UInt8], at offset: UInt64) throws(RepairFailure) {
        try RepairFailure.wrap { () throws(SystemError) in
            try storage.write(bytes, at: ByteOffset(offset))
        }
    }

    /// Copies bytes. Zeros need not be written: the new part of the file has them already.
    private func copy(
        from source: OverlaySource, at offset: UInt64, to target: UInt64, length: UInt64
    ) throws(RepairFailure) {
        try PieceReading.forEachPiece(of: length) { done, buffer throws(RepairFailure) in
            try RepairFailure.wrap { () throws(SystemError) in
                try source.readPadded(into: buffer, at: ByteOffset(offset + done))
                guard buffer.contains(where: { $0 != 0 }) else { return }
                try storage.write(UnsafeRawBufferPointer(buffer), at: ByteOffset(target + done))
            }
        }
    }

    private func synchronize(_ call: () throws(SystemError) -> Void) throws(RepairFailure) {
        do throws(SystemError) {
            try call()
        } catch {
            throw .sync(error)
        }
    }
}

extension ImageStorage {
    func write(_ bytes: [UInt8], at offset: ByteOffset) throws(SystemError) {
        // Typed throws do not pass through `withUnsafeBytes`.
        let result = bytes.withUnsafeBytes { buffer in
            Result<Void, SystemError> { () throws(SystemError) in try write(buffer, at: offset) }
        }
        try result.get()
    }
}
