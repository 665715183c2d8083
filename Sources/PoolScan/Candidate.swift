import Files
import Glibc
import QED

/// A file that may be an image: its place in a batch.
struct Candidate: Sendable {
    private let batch: CandidateBatch
    private let index: Int

    enum Origin {
        /// A directory has it.
        case directory
        /// A person named it, so it has to be there.
        case root
        /// It was put off (`ScanState`) and is not to be put off again.
        case putOff
    }

    init(batch: CandidateBatch, index: Int) {
        self.batch = batch
        self.index = index
    }

    /// How the scan came to it.
    var origin: Origin { batch.origin }

    /// As the directory says; 0 if not known.
    var inode: UInt64 { batch.inode(at: index) }

    /// Made each time: most files need none.
    var path: RawPath {
        let name = Array(batch.name(at: index))
        return batch.directory?.path.appending(name) ?? RawPath(bytes: name)
    }

    /// The hash of its path, without making the path.
    var pathHash: PathHash {
        guard var hasher = batch.directory?.pathHasher else { return PathHash(path) }
        batch.name(at: index).withUnsafeBytes { hasher.add($0) }
        return hasher.hash
    }

    /// Opens it if it is an image; nil if it is not.
    func openImage() throws(SystemError) -> ImageFile? {
        try batch.withName(at: index) { name throws(SystemError) in
            try ImageFile.image(directory: descriptor, name: name)
        }
    }

    func status() throws(SystemError) -> FileStatus {
        try batch.withName(at: index) { name throws(SystemError) in
            try FileStatus(directory: descriptor, name: name)
        }
    }

    /// What its name leads to now, from a new look.
    ///
    /// Only opening makes a network file system ask its server. A file that is on the same device as its directory, and
    /// that on a local file system, is what the kernel says.
    func identityNow(of file: ImageFile) throws(SystemError) -> FileIdentity {
        if let directory = batch.directory, directory.fileSystem.isLocal,
            directory.key.device == file.status.identity.device
        {
            return try status().identity
        }
        return try ImageFile(directory: descriptor, name: Array(batch.name(at: index))).status.identity
    }

    private var descriptor: Int32 { batch.directory?.descriptor ?? AT_FDCWD }
}
