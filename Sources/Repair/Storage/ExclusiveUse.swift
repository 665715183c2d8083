import CSystem
import Files
import Glibc
import QED

/// Makes sure that nobody else uses an image, and locks it so that nobody else can begin to.
///
/// The locks are those of a QEMU writer. They are taken before testing whether another program holds any: of two
/// programs that do so at the same time, at least one sees the other. The descriptor is not closed here.
package struct ExclusiveUse {
    /// The file that is expected at the path.
    package enum ExpectedFile: Hashable, Sendable {
        /// This file, with the same size and times.
        case unchanged(FileIdentity)
        /// This file, changed or not.
        case same(FileIdentity)
    }

    let descriptor: Int32
    let path: RawPath
    let options: AccessOptions
    /// nil if the system does not say.
    let mount: MountPoint?

    /// Opens an image for writing and makes sure that nobody else has it open. The image is not changed.
    ///
    /// This process may have no other descriptor of the file.
    package static func take(
        _ path: RawPath, expecting expected: ExpectedFile, options: AccessOptions
    ) throws(RepairFailure) -> WritableImage {
        let image = try open(path, options)
        let use = image.use
        try use.requireRegularFile()
        try use.require(expected)
        try use.requireOneName()
        try use.requireNetworkLocks()
        try use.takeLocks()
        try use.confirm()
        // Whoever had it open before the locks were taken may have changed it.
        try use.require(expected)
        return image
    }

    /// Tests again, with the locks held.
    func confirm() throws(RepairFailure) {
        try testLocks()
        try testLease()
        try testPath()
    }

    private static func open(_ path: RawPath, _ options: AccessOptions) throws(RepairFailure) -> WritableImage {
        do throws(SystemError) {
            return try WritableImage(path: path, options: options)
        } catch {
            switch error.code {
            case ENOENT, ENOTDIR, ELOOP:
                throw .refused(Refusal(.open, "it cannot be opened: \(error)", advice: Advice.scanAgain))
            case EWOULDBLOCK:
                throw .refused(Refusal(.lease, "another program has a lease on it", advice: Advice.endHolder))
            default:
                throw .refused(Refusal(.open, "it cannot be opened for writing: \(error)"))
            }
        }
    }

    private func requireRegularFile() throws(RepairFailure) {
        guard try status().isRegular else {
            throw .refused(Refusal(.open, "it is not a regular file", advice: Advice.scanAgain))
        }
    }

    private func require(_ expected: ExpectedFile) throws(RepairFailure) {
        let found = try status().identity
        switch expected {
        case .unchanged(let identity):
            if let change = identity.difference(from: found) {
                throw .refused(Refusal(.unchanged, "\(change) since it was checked", advice: Advice.scanAgain))
            }
        case .same(let identity):
            guard identity.isSameFile(as: found) else {
                throw .refused(Refusal(.unchanged, "it is no longer the same file", advice: Advice.scanAgain))
            }
        }
    }

    private func requireOneName() throws(RepairFailure) {
        let count = try status().linkCount
        guard count > 1, !options.allowsHardLinks else { return }
        throw .refused(
            Refusal(
                .hardLinks, "it has \(count) names (hard links)",
                advice: "if none of them is in use, give --hard-links"))
    }

    func requireNetworkLocks() throws(RepairFailure) {
        guard !options.isOnlyHost else { return }
        guard let mount else {
            throw .refused(
                Refusal(.networkLocks, "the system does not say which file system it is on", advice: Advice.onlyHost))
        }
        guard let option = mount.localLockOption else { return }
        let place = mount.path.map(\.text) ?? "its file system"
        throw .refused(
            Refusal(
                .networkLocks,
                "locks do not reach other hosts: \(place) (\(mount.fileSystem)) is mounted with \(option)",
                advice: Advice.onlyHost))
    }

    private func takeLocks() throws(RepairFailure) {
        do throws(SystemError) {
            for bytes in ExclusiveUse.ownLocks { try bytes.share(on: descriptor) }
        } catch {
            switch error.code {
            case EAGAIN, EACCES:
                // Somebody has locked one of the bytes. The tests of single ranges say who.
                try testLocks()
                throw .refused(
                    Refusal(.locks, "another program has locked it for a moment", advice: "try again"))
            case ENOLCK, ENOSYS, EOPNOTSUPP, EINVAL:
                throw .refused(Refusal(.locks, "its file system does not support locks: \(error)"))
            default: throw .image(error)
            }
        }
    }

    /// The locks of a QEMU writer, and all that keep others from opening the image in any way.
    private static let ownLocks = [LockBytes(100...103), LockBytes(200...203)]

    private func testLocks() throws(RepairFailure) {
        // In this order, since a writer holds the locks of a reader, too.
        for bytes in [LockBytes.qemuChanging, .qemuUsing, .qemuDenying, .libvirt] where try isLocked(bytes) {
            throw .refused(Refusal(.locks, bytes.holder, advice: Advice.endHolder))
        }
    }

    private func isLocked(_ bytes: LockBytes) throws(RepairFailure) -> Bool {
        do throws(SystemError) { return try bytes.areLocked(on: descriptor) } catch { throw .image(error) }
    }

    func testLease() throws(RepairFailure) {
        do throws(SystemError) {
            try retryingInterrupted("fcntl(F_SETLEASE)") { csystem_test_lease(descriptor) }
        } catch {
            switch error.code {
            case EAGAIN where mount.map { !$0.needsServerForLease } ?? true:
                throw .refused(
                    Refusal(.lease, "another program has it open, without a lock", advice: Advice.endHolder))
            case EAGAIN, EINVAL, EOPNOTSUPP, ENOSYS, ENOLCK:
                try requireTrustInLocks("its file system does not say whether another program has it open: \(error)")
            case EACCES:
                try requireTrustInLocks("only its owner may ask whether another program has it open: \(error)")
            default: throw .image(error)
            }
        }
    }

    private func requireTrustInLocks(_ message: String) throws(RepairFailure) {
        guard !options.trustsLocks else { return }
        throw .refused(Refusal(.lease, message, advice: "if only programs that lock it use it, give --trust-locks"))
    }

    private func testPath() throws(RepairFailure) {
        let found: FileIdentity
        do throws(SystemError) {
            found = try FileStatus(opening: path).identity
        } catch {
            throw .refused(
                Refusal(.unchanged, "its path no longer leads to a file: \(error)", advice: Advice.scanAgain))
        }
        guard try status().identity.isSameFile(as: found) else {
            throw .refused(Refusal(.unchanged, "its path now leads to another file", advice: Advice.scanAgain))
        }
    }

    private func status() throws(RepairFailure) -> FileStatus {
        do throws(SystemError) { return try FileStatus(descriptor: descriptor) } catch { throw .image(error) }
    }
}

/// How certain it must be that nobody else uses an image.
package struct AccessOptions: Hashable, Sendable {
    /// Whether a file with several names may be repaired.
    package var allowsHardLinks = false
    /// Whether locks are enough if the file system has no leases.
    package var trustsLocks = false
    /// Whether no other host uses the file system, so that locks need not reach any.
    package var isOnlyHost = false
    /// How long the image must not have changed; nil for the standard time of its file system.
    package var quietPeriod: Duration?

    package init() {}
}
