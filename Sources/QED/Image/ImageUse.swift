import CSystem
import Files
import Glibc

/// Who has an image open, according to the locks of QEMU and libvirt.
///
/// QEMU takes open file description locks on single bytes: 100 + i means "I use permission i", 200 + i means "I do not
/// let others use permission i"; i = 1 is writing, i = 3 resizing. libvirt's lock daemon locks bytes 0 and 1. The test
/// only asks, since taking such a lock would keep a virtual machine from starting.
public enum ImageUse: Hashable, Sendable {
    /// Nobody holds a lock.
    case free
    /// Only readers: they change nothing.
    case readers
    /// A program that may write.
    case writer(holder: String)
    /// The file system does not say: it has no locks.
    case unknown
}

extension ImageFile {
    /// Finds out who else has the file open, with F_OFD_GETLK. Takes no lock.
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
        // Most files are free, and one call for all bytes says so.
        guard try LockBytes.all.areLocked(on: descriptor) else { return .free }
        if try LockBytes.qemuChanging.areLocked(on: descriptor) {
            return .writer(holder: LockBytes.qemuChanging.holder)
        }
        if try LockBytes.libvirt.areLocked(on: descriptor) {
            return .writer(holder: LockBytes.libvirt.holder)
        }
        return .readers
    }
}

/// A range of bytes that programs lock in an image to say how they use it; `ImageUse` explains their meaning.
package struct LockBytes: Hashable, Sendable {
    package let first: off_t
    package let last: off_t
    /// What holds a lock on one of them, as a sentence.
    package let holder: String

    package init(_ range: ClosedRange<off_t>, holder: String = "a program has it locked") {
        first = range.lowerBound
        last = range.upperBound
        self.holder = holder
    }

    private static let qemuReader = "a program has it open and holds the locks of a QEMU reader"

    package static let libvirt = LockBytes(0...1, holder: "libvirt's lock daemon has it locked for a virtual machine")
    /// QEMU: "I use this permission", for all permissions.
    package static let qemuUsing = LockBytes(100...104, holder: qemuReader)
    /// QEMU: "I use this permission", for those that change the image.
    package static let qemuChanging = LockBytes(
        101...104, holder: "a program, such as a virtual machine, has it open and holds the locks of a QEMU writer")
    /// QEMU: "I do not let others use this permission".
    package static let qemuDenying = LockBytes(200...204, holder: qemuReader)
    /// From the first of them to the last.
    package static let all = LockBytes(0...204)

    /// Whether anybody else holds a lock on one of the bytes: F_OFD_GETLK for a write lock. Takes no lock.
    package func areLocked(on descriptor: Int32) throws(SystemError) -> Bool {
        let found = try retryingInterrupted("fcntl(F_OFD_GETLK)") {
            csystem_ofd_test_write_lock(descriptor, first, last - first + 1)
        }
        return found == 1
    }

    /// Takes a shared lock on all bytes, without waiting. It lasts until the file is closed.
    package func share(on descriptor: Int32) throws(SystemError) {
        try retryingInterrupted("fcntl(F_OFD_SETLK)") {
            csystem_ofd_take_read_lock(descriptor, first, last - first + 1)
        }
    }
}
