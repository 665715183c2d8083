import Glibc
import QED

/// A file that may be an image.
struct Candidate: Sendable {
    /// nil for a file that is opened by its whole path.
    let directory: Directory?
    let name: [UInt8]
    let path: RawPath
    /// As the directory says; 0 if not known.
    let inode: UInt64
    /// Set for a file that was put off until all its names are known: what it must still be.
    let expected: FileKey?

    /// A name in a directory.
    init(in directory: Directory, name: [UInt8], inode: UInt64) {
        self.directory = directory
        self.name = name
        path = directory.path.appending(name)
        self.inode = inode
        expected = nil
    }

    /// A file by its whole path.
    init(path: RawPath, expected: FileKey? = nil) {
        directory = nil
        name = path.bytes
        self.path = path
        inode = expected?.inode ?? 0
        self.expected = expected
    }

    func open() throws(SystemError) -> ImageFile {
        try ImageFile(directory: directory?.descriptor ?? AT_FDCWD, name: name)
    }

    func status() throws(SystemError) -> FileStatus {
        try FileStatus(directory: directory?.descriptor ?? AT_FDCWD, name: name)
    }
}
