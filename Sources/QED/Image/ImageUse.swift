import CSystem
import Files
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
        guard try LockBytes.all.areLocked(on: descriptor) else { return .free }
        if try LockBytes.qemuChanging.areLocked(on: descriptor) {
            return .writer(holder: "a program holds a lock as QEMU's writers do")
        }
        if try LockBytes.libvirt.areLocked(on: descriptor) {
            return .writer(holder: "a program holds a lock as libvirt's lock daemon does")
        }
        return .readers
    }
}
