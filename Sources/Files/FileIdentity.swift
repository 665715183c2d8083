import Glibc

/// What `fstat` says of a file: equal values mean that nothing changed it in between.
public struct FileIdentity: Hashable, Sendable {
    public let device: UInt64
    public let inode: UInt64
    /// Bytes.
    public let size: UInt64
    /// Last change of the contents, nanoseconds since 1970.
    public let modificationTime: Int64
    /// Last change of contents or metadata, nanoseconds since 1970.
    public let changeTime: Int64

    public init(device: UInt64, inode: UInt64, size: UInt64, modificationTime: Int64, changeTime: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modificationTime = modificationTime
        self.changeTime = changeTime
    }
}

extension FileIdentity {
    /// Whether both are one file, changed or not.
    package func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }

    /// What is not equal, as a clause; nil if all is.
    package func difference(from other: FileIdentity) -> String? {
        if !isSameFile(as: other) { return "it has become another file" }
        if size != other.size { return "its size has changed from \(size) to \(other.size) bytes" }
        if modificationTime != other.modificationTime { return "it has been written to" }
        if changeTime != other.changeTime { return "its status (owner, mode, names, times) has changed" }
        return nil
    }
}

/// A file on this machine, whatever its names.
package struct FileKey: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    package init(_ identity: FileIdentity) { self.init(device: identity.device, inode: identity.inode) }
}
