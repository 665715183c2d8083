import Files
import Glibc
import QED

/// An image and the journal of its repairs: what repair, undo and recovery share.
struct JournaledImage {
    let storage: any ImageStorage
    let journal: any RepairJournal
    let limits: CheckLimits
    let threadCount: Int

    /// The refusal of an image that is not as a repair left it.
    static let hasChanged = Refusal(
        .unchanged, "the image has changed since the repair, which can no longer be undone")

    func replay(of id: RepairID) throws(RepairFailure) -> JournalReplay {
        guard let root = try journal.repair(id) else { throw .journal("it has no repair \(id)") }
        return try JournalReplay(storage, journal, root: root)
    }

    /// A digest of where each guest byte is read from, without the entries that the writes change; nil without tables.
    func guestMap(besides writes: [RepairWrite]) throws(RepairFailure) -> [UInt8]? {
        let header = try RepairFailure.wrap { () throws(SystemError) in try Header(reading: storage) }
        let whole = OverlaySource(completing: storage, header: header)
        guard let geometry = Geometry.ofUsable(header, fileSize: whole.size) else { return nil }
        let masked = writes.flatMap { write -> [UInt64] in
            guard case .words(let before, _) = write.content else { return [] }
            return (0..<UInt64(before.count / 8)).map { write.offset + $0 * 8 }
        }
        return try TableDigest.digest(of: whole, geometry: geometry, masking: masked, limits: limits)
    }

    func fingerprint() throws(RepairFailure) -> ImageFingerprint {
        try MetadataDigest.fingerprint(of: storage, identity: try status().identity, limits: limits)
    }

    func status() throws(RepairFailure) -> FileStatus {
        try RepairFailure.wrap { () throws(SystemError) in try storage.status() }
    }

    func check() -> CheckResult { Checker(limits: limits, threadCount: threadCount).check(storage) }

    func finishDone(_ id: RepairID) throws(RepairFailure) -> CheckResult {
        do throws(RepairFailure) {
            return try finish(id, .done)
        } catch {
            guard case .journal(let message) = error else { throw error }
            throw .journal("\(message); the image is changed as planned, but the next repair rolls it back first")
        }
    }

    /// Checks the image once more for the store, and writes the end of the repair to the journal.
    func finish(
        _ id: RepairID, _ state: RepairState, message: String? = nil
    ) throws(RepairFailure) -> CheckResult {
        // fsync, not fdatasync: an undo compares the file's times, so they must be on disk.
        do throws(SystemError) {
            try storage.sync()
        } catch {
            throw .sync(error)
        }
        let (checkedAt, start) = (Clock.wall.now, Clock.monotonic.now)
        let report = check()
        let duration = Clock.monotonic.now - start
        let check = RepairCheck(status: try status(), report: report, checkedAt: checkedAt, duration: duration)
        try journal.finish(id, RepairEnd(state, message: message, after: try fingerprint(), check: check))
        return report
    }
}

extension ImageFingerprint {
    /// Whether header, tables and size are equal.
    func isSame(as other: ImageFingerprint) -> Bool {
        header == other.header && metadata == other.metadata && identity.size == other.identity.size
    }
}
