import CSystem
import Files
import Glibc

/// The leases of all directories in which a run repairs: one each, held until the run ends.
package final class PoolLeases {
    /// A directory, by whatever path.
    private struct Key: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private let holder: LeaseHolder
    private var directories: [Key: LeasedDirectory] = [:]

    package init(holder: LeaseHolder) { self.holder = holder }

    /// Takes the lease of the directory that an image is in, unless this run has it.
    ///
    /// A directory that may not be written needs none if it is on a local file system.
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
        let key = Key(device: identity.device, inode: identity.inode)
        guard directories[key] == nil else { return }
        try directory.takeLease(path: path, holder: holder)
        directories[key] = directory
    }
}

/// A directory and its lease.
private final class LeasedDirectory {
    let descriptor: Int32
    /// nil before it is taken, and if the directory needs none.
    private var lease: PoolLease?

    init(path: RawPath) throws(SystemError) {
        // What a link leads to is no directory of the pool, and a lease would be made there.
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
                        .poolLease, "no lease can be made in its directory: \(reason)",
                        advice: "let the directory be written"))
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
