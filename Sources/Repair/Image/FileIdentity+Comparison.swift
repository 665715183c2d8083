import Glibc
import QED

extension FileIdentity {
    /// Whether both are one file, changed or not.
    func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }

    /// What is not equal, as a clause; nil if all is.
    func difference(from other: FileIdentity) -> String? {
        if !isSameFile(as: other) { return "it has become another file" }
        if size != other.size { return "its size has changed from \(size) to \(other.size) bytes" }
        if modificationTime != other.modificationTime { return "it has been written to" }
        if changeTime != other.changeTime { return "its status (owner, mode, names, times) has changed" }
        return nil
    }
}

extension FileStatus {
    /// The status of a path by a new open, which makes a network file system ask its server. No symbolic link is followed.
    package init(opening path: RawPath) throws(SystemError) {
        self = try ImageFile(withoutLinks: path).status
    }
}
