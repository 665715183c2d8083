import Files
import Glibc
import QED
import Repair

/// An image in memory: what programs read (the cache), and what a crash would leave (the disk).
///
/// A sync that fails loses what was to be written, as Linux does: the cache keeps it, the disk never gets it.
final class MemoryStorage: ImageStorage {
    enum Call: CaseIterable, Hashable, Sendable {
        case read, write, extend, cut, punch, syncData, sync, dropCache, status, exclusiveUse
    }

    /// The calls of a kind from the n-th on that fail: that one, or all.
    struct Fault: Hashable, Sendable {
        let call: Call
        /// From 0.
        let number: Int
        let isForEver: Bool
    }

    private static let blockSize = 4096
    private static let zeros = [UInt8](repeating: 0, count: blockSize)

    private(set) var bytes: [UInt8]
    private(set) var durable: [UInt8]
    private var pending: [StorageEvent] = []
    let log: EventLog
    var fault: Fault?
    private(set) var calls: [Call: Int] = [:]
    /// How many calls have failed.
    private(set) var faultCount = 0
    var inode: UInt64 = 1
    var holesAreUnsupported = false
    private var clock = 1

    init(_ bytes: [UInt8], log: EventLog = EventLog(), fault: Fault? = nil) {
        self.bytes = bytes
        durable = bytes
        self.log = log
        self.fault = fault
    }

    /// Somebody else writes in place, past the log.
    func writeForeign(_ new: [UInt8], at offset: Int) {
        clock += 1
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
        durable.replaceSubrange(offset..<offset + new.count, with: new)
    }

    /// Somebody else makes the file longer.
    func extendForeign(by count: Int) {
        clock += 1
        bytes += [UInt8](repeating: 0xEE, count: count)
        durable = bytes
    }

    /// From now on calls fail; counting starts at zero.
    func strike(_ fault: Fault) {
        calls = [:]
        faultCount = 0
        self.fault = fault
    }

    // MARK: - ImageSource

    var size: UInt64 { UInt64(bytes.count) }
    /// As if there were holes, so that they are asked for.
    var diskSize: UInt64 { UInt64(max(bytes.count - 1, 0)) }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        try enter(.read, "pread", EIO)
        guard let start = Int(exactly: offset.rawValue), start < bytes.count else { return 0 }
        let count = min(buffer.count, bytes.count - start)
        bytes.withUnsafeBytes { source in
            guard count > 0, let target = buffer.baseAddress, let base = source.baseAddress else { return }
            memcpy(target, base + start, count)
        }
        return count
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        var start = Int(offset.rawValue)
        while start < bytes.count, isHole(start) { start = (start / Self.blockSize + 1) * Self.blockSize }
        guard start < bytes.count else { return nil }
        var end = start
        while end < bytes.count, !isHole(end) { end = (end / Self.blockSize + 1) * Self.blockSize }
        return UInt64(start)..<UInt64(min(end, bytes.count))
    }

    private func isHole(_ offset: Int) -> Bool {
        let start = offset / Self.blockSize * Self.blockSize
        let count = min(Self.blockSize, bytes.count - start)
        return bytes.matches(Self.zeros, at: start, and: 0, count: count)
    }

    // MARK: - ImageStorage

    func status() throws(SystemError) -> FileStatus {
        try enter(.status, "fstat", EIO)
        var status = stat()
        status.st_mode = S_IFREG | 0o644
        status.st_nlink = 1
        status.st_dev = 1
        status.st_ino = ino_t(inode)
        status.st_size = off_t(bytes.count)
        status.st_mtim.tv_sec = clock
        status.st_ctim.tv_sec = clock
        return FileStatus(status)
    }

    func write(_ new: UnsafeRawBufferPointer, at offset: ByteOffset) throws(SystemError) {
        do throws(SystemError) {
            try enter(.write, "pwrite", EIO)
        } catch {
            // Half of it is written nevertheless.
            let half = UnsafeRawBufferPointer(rebasing: new[..<(new.count / 16 * 8)])
            if !half.isEmpty { change(.write(Array(half), at: Int(offset.rawValue))) }
            throw error
        }
        change(.write(Array(new), at: Int(offset.rawValue)))
    }

    func extend(to size: UInt64) throws(SystemError) {
        try enter(.extend, "fallocate", ENOSPC)
        change(.extend(Int(size)))
    }

    func cut(to size: UInt64) throws(SystemError) {
        try enter(.cut, "ftruncate", EIO)
        change(.cut(Int(size)))
    }

    func punchHole(at offset: ByteOffset, length: UInt64) throws(SystemError) {
        if holesAreUnsupported { throw SystemError("fallocate", code: EOPNOTSUPP) }
        try enter(.punch, "fallocate", EIO)
        change(.punch(Int(offset.rawValue)..<Int(offset.rawValue + length)))
    }

    func syncData() throws(SystemError) {
        try enterSync(.syncData, "fdatasync")
        let (persisted, rest) = pending.splitAtSyncData()
        for event in persisted { event.apply(to: &durable) }
        pending = rest
        log.add(.syncData)
    }

    func sync() throws(SystemError) {
        try enterSync(.sync, "fsync")
        for event in pending { event.apply(to: &durable) }
        pending = []
        log.add(.sync)
    }

    func dropCache() throws(SystemError) {
        try enter(.dropCache, "posix_fadvise", EIO)
        var read = durable
        StorageEvent.extend(bytes.count).apply(to: &read)
        for event in pending { event.apply(to: &read) }
        StorageEvent.extend(bytes.count).apply(to: &read)
        StorageEvent.cut(bytes.count).apply(to: &read)
        bytes = read
    }

    func confirmExclusiveUse() throws(RepairFailure) {
        do throws(SystemError) {
            try enter(.exclusiveUse, "fcntl", EAGAIN)
        } catch {
            throw .refused(Refusal(.lease, "somebody else has it open"))
        }
    }

    // MARK: - Parts

    private func change(_ event: StorageEvent) {
        clock += 1
        event.apply(to: &bytes)
        pending.append(event)
        log.add(event)
    }

    private func enterSync(_ call: Call, _ name: String) throws(SystemError) {
        do throws(SystemError) {
            try enter(call, name, EIO)
        } catch {
            pending = []
            throw error
        }
    }

    private func enter(_ call: Call, _ name: String, _ code: Int32) throws(SystemError) {
        let number = calls[call, default: 0]
        calls[call] = number + 1
        guard let fault, fault.call == call else { return }
        guard number == fault.number || (fault.isForEver && number > fault.number) else { return }
        faultCount += 1
        throw SystemError(name, code: code)
    }
}
