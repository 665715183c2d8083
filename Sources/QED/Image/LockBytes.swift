import CSystem
import Files
import Glibc

/// A range of bytes that programs lock in an image to say how they use it. See `ImageUse` for what they mean.
package struct LockBytes: Hashable, Sendable {
    package let first: off_t
    package let last: off_t

    package init(_ range: ClosedRange<off_t>) {
        first = range.lowerBound
        last = range.upperBound
    }

    package static let libvirt = LockBytes(0...1)
    /// QEMU: "I use this permission", any of them.
    package static let qemuUsing = LockBytes(100...104)
    /// QEMU: "I use this permission", those that change the image.
    package static let qemuChanging = LockBytes(101...104)
    /// QEMU: "I do not let others use this permission".
    package static let qemuDenying = LockBytes(200...204)
    /// From the first of them to the last.
    package static let all = LockBytes(0...204)

    /// Whether anybody else holds a lock on one of the bytes: F_OFD_GETLK for a write lock. Takes none.
    package func areLocked(on descriptor: Int32) throws(SystemError) -> Bool {
        let found = try retryingInterrupted("fcntl(F_OFD_GETLK)") {
            csystem_ofd_test_write_lock(descriptor, first, last - first + 1)
        }
        return found == 1
    }

    /// Takes a shared lock on each of the bytes, without waiting: it lasts until the file is closed.
    package func share(on descriptor: Int32) throws(SystemError) {
        try retryingInterrupted("fcntl(F_OFD_SETLK)") {
            csystem_ofd_take_read_lock(descriptor, first, last - first + 1)
        }
    }
}
