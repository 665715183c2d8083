import Glibc

/// The status of a file, from stat(2).
public struct FileStatus: Sendable {
    public let identity: FileIdentity
    public let isRegular: Bool
    public let isDirectory: Bool
    public let linkCount: UInt64
    /// Bytes of disk that the file occupies.
    public let diskSize: UInt64

    public init(_ status: stat) {
        identity = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: UInt64(max(status.st_size, 0)),
            modificationTime: status.st_mtim.nanoseconds, changeTime: status.st_ctim.nanoseconds)
        isRegular = status.st_mode & S_IFMT == S_IFREG
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        linkCount = UInt64(status.st_nlink)
        diskSize = UInt64(max(status.st_blocks, 0)).saturatingMultiply(512)
    }

    /// fstat(2).
    public init(descriptor: Int32) throws(SystemError) {
        var status = stat()
        try retryingInterrupted("fstat") { fstat(descriptor, &status) }
        self.init(status)
    }

    /// fstatat(2), of the name itself if it is a symbolic link.
    package init(directory: Int32, name: UnsafePointer<CChar>) throws(SystemError) {
        var status = stat()
        try retryingInterrupted("fstatat") { fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) }
        self.init(status)
    }

    /// fstatat(2), of the name itself if it is a symbolic link.
    public init(directory: Int32, name: [UInt8]) throws(SystemError) {
        var status = stat()
        try retryingInterrupted("fstatat") {
            RawPath.withCString(name) { fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }
        }
        self.init(status)
    }
}

extension timespec {
    /// Saturating: file systems hold times that nanoseconds in 64 bits do not.
    fileprivate var nanoseconds: Int64 {
        let (product, overflow) = Int64(tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return tv_sec < 0 ? .min : .max }
        let (sum, sumOverflow) = product.addingReportingOverflow(Int64(tv_nsec))
        return sumOverflow ? .max : sum
    }
}

/// The kind of a file.
package enum FileType: String, CaseIterable, Sendable {
    case regular, directory, fifo, socket, block, character, other

    package init(_ status: stat) {
        self =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            case S_IFBLK: .block
            case S_IFCHR: .character
            default: .other
            }
    }
}
