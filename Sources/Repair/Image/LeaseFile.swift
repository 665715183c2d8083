import CSystem
import Files
import Glibc
import QED

/// The file of a `PoolLease`: the steps of making it and of taking it over.
struct LeaseFile {
    /// A file that was there.
    enum Takeover {
        /// Locked, and with our text. The descriptor is the caller's.
        case taken(Int32)
        /// Somebody was making or removing it. Trying again will tell; if it goes on like this, the refusal.
        case again(Refusal)
    }

    /// More than any holder writes.
    private static let mostBytes = 4096
    /// How often a new file is tried to be locked: others look into it for a moment only.
    private static let lockAttempts = 100
    /// Microseconds.
    private static let pause: UInt32 = 1000

    let directory: Int32
    let path: RawPath
    let holder: LeaseHolder

    // MARK: - A new file

    /// Makes the file and returns its descriptor, nil if it is there already.
    ///
    /// - Throws: `RepairFailure.image` if it cannot be made.
    func create() throws(RepairFailure) -> Int32? {
        let flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC
        do throws(SystemError) {
            return try retryingInterrupted("open") { csystem_create(directory, PoolLease.fileName, flags, 0o600) }
        } catch {
            guard error.code == EEXIST else { throw .image(error) }
            return nil
        }
    }

    /// Locks the file just made and writes the holder. False if another process was faster; the descriptor is closed
    /// then, and when it throws.
    func lockNew(_ descriptor: Int32) throws(RepairFailure) -> Bool {
        var isLocked = false
        for _ in 0..<LeaseFile.lockAttempts where !isLocked {
            isLocked = csystem_ofd_take_write_lock(descriptor) == 0
            // A file system without locks: that nobody else made the file must do.
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

    /// Takes the file over if its holder has ended.
    func takeOver() throws(RepairFailure) -> Takeover {
        let descriptor: Int32
        do throws(SystemError) {
            descriptor = try openPresent()
        } catch {
            if error.code == ENOENT { return .again(refusal("it comes and goes")) }
            throw .refused(refusal("it cannot be opened: \(error)", advice: adviceToRemove))
        }
        var isKept = false
        defer { if !isKept { close(descriptor) } }
        try requireRegularFile(descriptor)
        let isLocked = try lockPresent(descriptor)
        // From here on nobody on this host changes or removes it, if it is still there.
        guard LeaseFile.isAtItsPath(descriptor, in: directory) else { return .again(refusal("it comes and goes")) }
        let found = try text(of: descriptor)
        if found.isEmpty || !isLocked, LeaseHolder(text: found) == nil {
            // Just made, and about to be written.
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

    /// A second name would be that of somebody's file, which is written to below.
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
            throw .refused(refusal("whether its holder has ended cannot be told: \(error)", advice: adviceToRemove))
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

    /// Throws unless the holder was on this host and is gone.
    private func requireEnded(_ text: String, isLocked: Bool) throws(RepairFailure) {
        guard let other = LeaseHolder(text: text) else {
            throw .refused(refusal("it does not say who holds it", advice: adviceToRemove))
        }
        guard other.host == holder.host else {
            throw .refused(
                refusal(
                    "host \(other.host) has repaired here since \(other.since) UTC",
                    advice: "if that host repairs no more remove \(path.text)"))
        }
        // Another boot ID needs no more: whatever ran then has ended, and a lock that is held is of this boot.
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
        // Empty after a power cut, it would have to be removed by hand.
        try retryingInterrupted("fsync") { fsync(descriptor) }
    }

    /// Whether the name still leads to the file, and not to one that was made after this one was removed.
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

    private var adviceToRemove: String { "if no host repairs there remove \(path.text)" }

    func refusal(_ reason: String, advice: String? = nil) -> Refusal {
        Refusal(.poolLease, "the lease \(path.text) is not to be had: \(reason)", advice: advice)
    }
}
