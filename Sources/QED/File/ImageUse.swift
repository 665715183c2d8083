import CSystem
import Glibc

/// Who has an image open, told from the locks that QEMU and libvirt hold on it.
///
/// QEMU takes open file description locks on single bytes: 100 + i says "I use permission i", 200 + i "I do not let
/// others use permission i", where i = 1 is writing and 3 resizing. libvirt's lock daemon locks bytes 0 and 1.
/// The test only asks; taking one of these locks would keep a virtual machine from starting.
public enum ImageUse: Hashable, Sendable {
    /// Nobody that locks.
    case free
    /// Only readers: they change nothing.
    case readers
    /// A program that may write.
    case writer(holder: String)
    /// The file system does not tell (no lock service).
    case unknown
}

extension ImageFile {
    private static let qemuPermissionBytes: (first: off_t, last: off_t) = (101, 104)
    private static let libvirtBytes: (first: off_t, last: off_t) = (0, 1)
    private static let lastByte: off_t = 204

    /// Tests who else has the file open, with F_OFD_GETLK. Takes no lock.
    public func testUse() throws(SystemError) -> ImageUse {
        do throws(SystemError) {
            return try testLocks()
        } catch {
            switch error.code {
            case ENOLCK, ENOSYS, EOPNOTSUPP, EINVAL: return .unknown
            default: throw error
            }
        }
    }

    private func testLocks() throws(SystemError) -> ImageUse {
        // Most files are free, and one call over all the bytes says so.
        guard try isLocked(from: 0, through: ImageFile.lastByte) else { return .free }
        let qemu = ImageFile.qemuPermissionBytes
        if try isLocked(from: qemu.first, through: qemu.last) {
            return .writer(holder: "a program holds a lock as QEMU's writers do")
        }
        if try isLocked(from: ImageFile.libvirtBytes.first, through: ImageFile.libvirtBytes.last) {
            return .writer(holder: "a program holds a lock as libvirt's lock daemon does")
        }
        return .readers
    }

    private func isLocked(from first: off_t, through last: off_t) throws(SystemError) -> Bool {
        let found = try retryingInterrupted("fcntl(F_OFD_GETLK)") {
            csystem_ofd_test_write_lock(descriptor, first, last - first + 1)
        }
        return found == 1
    }
}
