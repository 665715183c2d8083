import CSystem
import Files
import Glibc
import QED

/// The file of a `PoolLease`: creates it or takes it over.
struct LeaseFile {
    /// What became of an existing file.
    enum Takeover {
        /// It is locked and has our text. The caller closes the descriptor.
        case taken(Int32)
        /// Somebody was creating or removing it: try again. The refusal is for the case that this goes on.
        case again(Refusal)
    }

    /// More bytes than any holder writes.
    private static let mostBytes = 4096
    /// How often to try to lock a new file. Others hold the lock for a moment only.
    private static let lockAttempts = 100
    /// Microseconds.
    private static let pause: UInt32 = 1000

    let directory: Int32
    let path: RawPath
    let holder: LeaseHolder

    // MARK: - A new file

    /// Creates the file and returns its descriptor; nil if it exists already.
    ///
    /// - Throws: `RepairFailure.image` if it cannot be created.
    func create() throws(RepairFailure) -> Int32? {
        let flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC
        do throws(SystemError) {
            return try retryingInterrupted("open") { csystem_create(directory, PoolLease.fileName, flags, 0o600) }
        } catch {
            guard error.code == EEXIST else { throw .image(error) }
            return nil
        }
    }

    /// Locks the new file and writes the holder. Returns false if another process was faster. The descriptor is closed
    /// then, and also if it throws.
    func lockNew(_ descriptor: Int32) throws(RepairFailure) -> Bool {
        var isLocked = false
        for _ in 0..<LeaseFile.lockAttempts where !isLocked {
            isLocked = csystem_ofd_take_write_lock(descriptor) == 0
            // A file system without locks: having created the file must be enough.
            if !isLocked && !LeaseFile.meansHeld(errno) { isLocked = true }
            if !isLocked { usleep(LeaseFile.pause) }
        }
        guard isLocked, LeaseFile.isAtItsPath(descriptor, in: directory) else {
            close(descriptor)
            return false
        }
        do throws(SystemError) {
            try writeHolder(to: descriptor)
        } catch {
            unlinkat(directory, PoolLease.fileName, 0)
            close(descriptor)
            throw .refused(refusal("it cannot be written: \(error)"))
        }
        return true
    }

    // MARK: - A file that is there

    /// Takes over an existing file if its holder has ended.
    func takeOver() throws(RepairFailure) -> Takeover {
        let descriptor: Int32
        do throws(SystemError) {
            descriptor = try openPresent()
        } catch {
            if error.code == ENOENT { return .again(refusal("it keeps appearing and disappearing")) }
            throw .refused(refusal("it cannot be opened: \(error)", advice: adviceToRemove))
        }
        var isKept = false
        defer { if !isKept { close(descriptor) } }
        try requireRegularFile(descriptor)
        let isLocked = try lockPresent(descriptor)
        // If the file still exists, nobody on this host changes or removes it from here on.
        guard LeaseFile.isAtItsPath(descriptor, in: directory) else {
            return .again(refusal("it keeps appearing and disappearing"))
        }
        let found = try text(of: descriptor)
        if found.isEmpty || !isLocked, LeaseHolder(text: found) == nil {
            // Probably just created, and about to be written.
            return .again(refusal("it does not say who holds it", advice: adviceToRemove))
        }
        try requireEnded(found, isLocked: isLocked)
        do throws(SystemError) {
            try writeHolder(to: descriptor)
        } catch {
            throw .refused(refusal("it cannot be written: \(error)"))
        }
        isKept = true
        return .taken(descriptor)
    }

    private func openPresent() throws(SystemError) -> Int32 {
        let flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        return try retryingInterrupted("open") { csystem_openat(directory, PoolLease.fileName, flags) }
    }

    /// With a second name it could be somebody's file, and it is written to below.
    private func requireRegularFile(_ descriptor: Int32) throws(RepairFailure) {
        let status: FileStatus
        do throws(SystemError) { status = try FileStatus(descriptor: descriptor) } catch { throw .image(error) }
        guard status.isRegular else { throw .refused(refusal("it is not a regular file", advice: adviceToRemove)) }
        guard status.linkCount <= 1 else {
            throw .refused(
                refusal("it has \(status.linkCount) names (hard links)", advice: adviceToRemove))
        }
    }

    /// False if somebody else has it locked.
    private func lockPresent(_ descriptor: Int32) throws(RepairFailure) -> Bool {
        if csystem_ofd_take_write_lock(descriptor) == 0 { return true }
        let error = SystemError.last("fcntl(F_OFD_SETLK)")
        guard LeaseFile.meansHeld(error.code) else {
            throw .refused(refusal("nobody can tell whether its holder has ended: \(error)", advice: adviceToRemove))
        }
        return false
    }

    private func text(of descriptor: Int32) throws(RepairFailure) -> String {
        var bytes = [UInt8](repeating: 0, count: LeaseFile.mostBytes)
        do throws(SystemError) {
            let count = try bytes.withUnsafeMutableBufferPointer { buffer throws(SystemError) in
                try FileReader(descriptor: descriptor).read(
                    into: UnsafeMutableRawBufferPointer(buffer), at: ByteOffset(0))
            }
            return String(decoding: bytes[..<count], as: UTF8.self)
        } catch {
            throw .refused(refusal("it cannot be read: \(error)", advice: adviceToRemove))
        }
    }

    /// Throws unless the holder was on this host and has ended.
    private func requireEnded(_ text: String, isLocked: Bool) throws(RepairFailure) {
        guard let other = LeaseHolder(text: text) else {
            throw .refused(refusal("it does not say who holds it", advice: adviceToRemove))
        }
        guard other.host == holder.host else {
            throw .refused(
                refusal(
                    "host \(other.host) has repaired here since \(other.since) UTC",
                    advice: "if that host no longer repairs, remove \(path.text)"))
        }
        // The boot ID need not be compared: a lock that is held belongs to this boot.
        guard isLocked else {
            throw .refused(
                refusal(
                    "process \(other.process) on this host has repaired here since \(other.since) UTC",
                    advice: "wait until it ends"))
        }
    }

    // MARK: - Both

    private func writeHolder(to descriptor: Int32) throws(SystemError) {
        let writer = FileWriter(descriptor: descriptor)
        let bytes = Array(holder.text.utf8)
        try bytes.withUnsafeBufferPointer { buffer throws(SystemError) in
            try writer.write(UnsafeRawBufferPointer(buffer), at: 0)
        }
        try writer.setSize(UInt64(bytes.count))
        // A file that is empty after a power cut would have to be removed by hand.
        try retryingInterrupted("fsync") { fsync(descriptor) }
    }

    /// Whether the name still leads to this file, and not to one that was created after this one was removed.
    static func isAtItsPath(_ descriptor: Int32, in directory: Int32) -> Bool {
        do throws(SystemError) {
            let named = try FileStatus(directory: directory, name: Array(PoolLease.fileName.utf8))
            let opened = try FileStatus(descriptor: descriptor)
            return named.identity.isSameFile(as: opened.identity)
        } catch {
            return false
        }
    }

    private static func meansHeld(_ code: Int32) -> Bool { code == EAGAIN || code == EACCES }

    private var adviceToRemove: String { "if no host repairs there, remove \(path.text)" }

    func refusal(_ reason: String, advice: String? = nil) -> Refusal {
        Refusal(.poolLease, "cannot take the lease \(path.text): \(reason)", advice: advice)
    }
}

/// The holder of a `PoolLease`, as lines of `key: value` in its file.
package struct LeaseHolder: Hashable, Sendable {
    package let host: String
    /// Differs after every start of the system.
    package let bootID: String
    package let process: Int32
    /// When the lease was taken, in UTC, for people.
    package let since: String

    init(host: String, bootID: String, process: Int32, since: String) {
        self.host = LeaseHolder.line(host)
        self.bootID = LeaseHolder.line(bootID)
        self.process = process
        self.since = LeaseHolder.line(since)
    }

    /// This process.
    ///
    /// - Parameter since: the current time in UTC.
    package init(host: String, since: String) throws(SystemError) {
        let bootID = try ProcFile.bytes("/proc/sys/kernel/random/boot_id")
        self.init(host: host, bootID: String(decoding: bootID, as: UTF8.self), process: getpid(), since: since)
    }

    /// Reads what `text` writes; nil if the text has another form.
    init?(text: String) {
        var values: [Substring: String] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            guard !value.isEmpty, values.updateValue(String(value), forKey: line[..<colon]) == nil else { return nil }
        }
        guard values.count == 4, text.hasSuffix("\n"), let host = values["host"], let bootID = values["boot"],
            let process = values["process"].flatMap({ Int32($0) }), let since = values["since"]
        else { return nil }
        self.init(host: host, bootID: bootID, process: process, since: since)
    }

    var text: String { "host: \(host)\nboot: \(bootID)\nprocess: \(process)\nsince: \(since)\n" }

    /// The value as one line, without spaces at its ends.
    private static func line(_ value: String) -> String {
        let scalars = value.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }
        let blank: Unicode.Scalar = " "
        let trimmed = scalars.drop { $0 == blank }.reversed().drop { $0 == blank }.reversed()
        return String(String.UnicodeScalarView(trimmed))
    }
}
