import CSystem
import Files
import Glibc

/// Tells other hosts that this one repairs images in a directory, by the file `.qedscan-lease` in it, which exists as
/// long as the lease is held.
///
/// On one host, a lock on the file counts: the kernel releases it however the holder ends, and the next one takes the
/// file over. Another host may not see the lock, so its file counts until a person removes it.
final class PoolLease {
    static let fileName = ".qedscan-lease"

    private let directory: Int32
    private let descriptor: Int32

    private init(directory: Int32, descriptor: Int32) {
        self.directory = directory
        self.descriptor = descriptor
    }

    /// Takes the lease of an open directory. The descriptor is not closed here, and must stay open as long as the
    /// lease.
    ///
    /// - Throws: `RepairFailure.image` if the file cannot be created, `.refused` if somebody else holds the lease.
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
        // The file is removed while it is locked, so that nobody takes over a file that is about to disappear.
        if LeaseFile.isAtItsPath(descriptor, in: directory) { unlinkat(directory, PoolLease.fileName, 0) }
        close(descriptor)
    }
}

/// The leases of all directories in which a run repairs, held until the run ends.
package final class PoolLeases {
    private let holder: LeaseHolder
    private var directories: [FileKey: LeasedDirectory] = [:]

    package init(holder: LeaseHolder) { self.holder = holder }

    /// Takes the lease of the directory that holds an image, unless this run has it already.
    ///
    /// A directory on a local file system needs none if it may not be written.
    package func takeLease(forImage image: RawPath) throws(RepairFailure) {
        let path = image.directory
        let directory: LeasedDirectory
        let identity: FileIdentity
        do throws(SystemError) {
            directory = try LeasedDirectory(path: path)
            identity = try FileStatus(descriptor: directory.descriptor).identity
        } catch {
            throw .refused(Refusal(.poolLease, "its directory cannot be opened: \(error)"))
        }
        let key = identity.key
        guard directories[key] == nil else { return }
        try directory.takeLease(path: path, holder: holder)
        directories[key] = directory
    }
}

/// A directory and its lease.
private final class LeasedDirectory {
    let descriptor: Int32
    /// nil before the lease is taken, and if the directory needs none.
    private var lease: PoolLease?

    init(path: RawPath) throws(SystemError) {
        // A link may lead out of the pool, and the lease would be created there.
        let parent = try ParentDirectory(of: path)
        descriptor = try retryingInterrupted("open") {
            RawPath(bytes: parent.name).withCString {
                csystem_openat(parent.descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            }
        }
    }

    deinit {
        // The lease removes its file through the descriptor.
        lease = nil
        close(descriptor)
    }

    func takeLease(path: RawPath, holder: LeaseHolder) throws(RepairFailure) {
        do throws(RepairFailure) {
            lease = try PoolLease.take(directory: descriptor, path: path, holder: holder)
        } catch {
            guard case .image(let reason) = error else { throw error }
            guard reason.code == EACCES || reason.code == EROFS, try !isNetwork() else {
                throw .refused(
                    Refusal(
                        .poolLease, "no lease file can be created in its directory: \(reason)",
                        advice: "make the directory writable"))
            }
        }
    }

    private func isNetwork() throws(RepairFailure) -> Bool {
        do throws(SystemError) {
            return try MountPoint(descriptor: descriptor)?.isNetwork ?? true
        } catch {
            throw .image(error)
        }
    }
}
