import Files
import QED

/// An image that can be changed: a file, or whatever a test puts in its place.
package protocol ImageStorage: ImageSource {
    /// The file's status now. `size` always agrees with it.
    func status() throws(SystemError) -> FileStatus

    /// Writes all bytes in place or past the end.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: ByteOffset) throws(SystemError)

    /// Makes the file longer, with disk space for all that is new (zeros), or throws and leaves its length alone.
    func extend(to size: UInt64) throws(SystemError)

    /// Makes the file shorter.
    func cut(to size: UInt64) throws(SystemError)

    /// Gives the disk space of whole blocks in a range back; the range reads as zeros.
    func punchHole(at offset: ByteOffset, length: UInt64) throws(SystemError)

    /// fdatasync(2): everything written so far is on disk when it returns.
    func syncData() throws(SystemError)

    /// fsync(2).
    func sync() throws(SystemError)

    /// Asks the system to read from the disk again from now on: posix_fadvise(2), POSIX_FADV_DONTNEED.
    func dropCache() throws(SystemError)

    /// Throws if somebody else may have the image open now.
    func confirmExclusiveUse() throws(RepairFailure)
}
