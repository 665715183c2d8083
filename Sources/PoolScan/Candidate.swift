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
    /// How the scan came to it.
    let origin: Origin

    enum Origin {
        /// A directory has it.
        case directory
        /// A person named it, so it has to be there.
        case root
        /// It was put off (`ScanState`) and is not to be put off again.
        case putOff
    }

    /// A name in a directory.
    init(in directory: Directory, name: [UInt8], inode: UInt64) {
        self.directory = directory
        self.name = name
        path = directory.path.appending(name)
        self.inode = inode
        origin = .directory
    }

    /// A file by its whole path.
    init(path: RawPath, inode: UInt64, origin: Origin) {
        directory = nil
        name = path.bytes
        self.path = path
        self.inode = inode
        self.origin = origin
    }

    func open() throws(SystemError) -> ImageFile {
        try ImageFile(directory: directory?.descriptor ?? AT_FDCWD, name: name)
    }

    func status() throws(SystemError) -> FileStatus {
        try FileStatus(directory: directory?.descriptor ?? AT_FDCWD, name: name)
    }
}
