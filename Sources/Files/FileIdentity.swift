import Glibc

/// What `fstat` says about a file: two equal values mean that nothing has changed it in between.
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
    /// Which file it is, changed or not.
    package var key: FileKey { FileKey(device: device, inode: inode) }

    /// Whether both are the same file, changed or not.
    package func isSameFile(as other: FileIdentity) -> Bool { key == other.key }

    /// Whether both are the same file, seen by two hosts or before and after a restart: devices get new numbers then.
    package func isSameFile(onAnyDevice other: FileIdentity) -> Bool { inode == other.inode }

    /// The first difference, as a clause; nil if there is none.
    package func difference(from other: FileIdentity) -> String? {
        if !isSameFile(as: other) { return "it has become another file" }
        if size != other.size { return "its size has changed from \(size) to \(other.size) bytes" }
        if modificationTime != other.modificationTime { return "it has been written to" }
        if changeTime != other.changeTime { return "its status (owner, mode, names, times) has changed" }
        return nil
    }
}

/// Which file a name leads to on this machine: the one rule for "the same file".
package struct FileKey: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    package init(_ identity: FileIdentity) { self = identity.key }

    /// The file that a path leads to, symbolic links followed; nil if it leads nowhere.
    package init?(following path: RawPath) {
        var status = stat()
        guard path.withCString({ stat($0, &status) }) == 0 else { return nil }
        self = FileStatus(status).identity.key
    }

    /// The file of a name itself, even if it is a symbolic link; nil if there is none.
    package init?(named path: RawPath) {
        var status = stat()
        guard path.withCString({ lstat($0, &status) }) == 0 else { return nil }
        self = FileStatus(status).identity.key
    }
}
