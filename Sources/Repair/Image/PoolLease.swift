import CSystem
import Files
import Glibc

/// Says to other hosts that this one repairs images in a directory: a file in it, `.qedscan-lease`, which is there as
/// long as the lease is held.
///
/// On one host a lock on the file counts: the kernel gives it up however the holder ends, and the next one takes the
/// file over. Another host may not see the lock, so its file counts until a person removes it.
final class PoolLease {
    static let fileName = ".qedscan-lease"

    private let directory: Int32
    private let descriptor: Int32

    private init(directory: Int32, descriptor: Int32) {
        self.directory = directory
        self.descriptor = descriptor
    }

    /// Takes the lease of an open directory. Does not own the descriptor, which must stay open as long as the lease.
    ///
    /// - Throws: `RepairFailure.image` if the file cannot be made; refused if it is there and not ours to take.
    static func take(directory: Int32, path: RawPath, holder: LeaseHolder) throws(RepairFailure) -> PoolLease {
        let file = LeaseFile(directory: directory, path: path.appending(Array(fileName.utf8)), holder: holder)
        var latest = file.refusal("another process is taking it")
        for _ in 0..<attempts {
            if let descriptor = try file.create() {
                if try file.lockNew(descriptor) { return PoolLease(directory: directory, descriptor: descriptor) }
            } else {
                switch try file.takeOver() {
                case .taken(let descriptor): return PoolLease(directory: directory, descriptor: descriptor)
                case .again(let refusal): latest = refusal
                }
            }
            usleep(pause)
        }
        throw .refused(latest)
    }

    private static let attempts = 50
    /// Microseconds.
    private static let pause: UInt32 = 10_000

    deinit {
        // Removed while still locked, so that nobody takes over a file that is about to go.
        if LeaseFile.isAtItsPath(descriptor, in: directory) { unlinkat(directory, PoolLease.fileName, 0) }
        close(descriptor)
    }
}
