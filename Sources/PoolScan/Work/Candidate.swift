import Files
import Glibc
import QED
import ScanModel
import Synchronization

/// A file that may be an image, by its place in a batch.
struct Candidate: Sendable {
    private let batch: CandidateBatch
    private let index: Int

    enum Origin {
        /// It was found in a directory.
        case directory
        /// A person named it, so it must exist.
        case root
        /// `ScanMemory` deferred it, and is not to defer it again.
        case deferred
    }

    init(batch: CandidateBatch, index: Int) {
        self.batch = batch
        self.index = index
    }

    /// How the scan found it.
    var origin: Origin { batch.origin }

    /// As the directory says; 0 if not known.
    var inode: UInt64 { batch.inode(at: index) }

    /// The path, built on each call: most files need none.
    var path: RawPath {
        let name = Array(batch.name(at: index))
        return batch.directory?.path.appending(name) ?? RawPath(bytes: name)
    }

    /// The hash of its path, computed without building the path.
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

    /// The identity of the file that its name leads to now.
    ///
    /// A network file system asks its server only when a file is opened. On a local file system, if the file is on the
    /// same device as its directory, the kernel's answer is enough.
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

/// Files of one directory that go to the workers together: handing over single files would cost more than most of them
/// need.
///
/// Idle workers help with the same batch, so a large image does not hold up the files after it. All files are of one
/// directory, so a batch keeps no more descriptors open than a single file.
final class CandidateBatch: SharedWork {
    /// nil for a file that is opened by its whole path.
    let directory: Directory?
    let origin: Candidate.Origin
    /// The names one after the other, each with a NUL at its end.
    private let names: [UInt8]
    private let entries: [CandidateList.Entry]
    private let next = Atomic<Int>(0)

    fileprivate init(directory: Directory, names: [UInt8], entries: [CandidateList.Entry]) {
        self.directory = directory
        self.names = names
        self.entries = entries
        origin = .directory
    }

    /// A file by its whole path.
    init(path: RawPath, inode: UInt64, origin: Candidate.Origin) {
        directory = nil
        names = path.bytes + [0]
        entries = [CandidateList.Entry(inode: inode, start: 0)]
        self.origin = origin
    }

    /// Files that were deferred for their hard links, in the order of their names.
    static func deferred(_ files: [FileKey: RawPath]) -> [CandidateBatch] {
        files.sorted { $0.value < $1.value }
            .map { CandidateBatch(path: $0.value, inode: $0.key.inode, origin: .deferred) }
    }

    func take() -> Candidate? {
        // Without this test, waiting workers would increase `next` without end.
        guard !isUsedUp else { return nil }
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return index < entries.count ? Candidate(batch: self, index: index) : nil
    }

    var isUsedUp: Bool { next.load(ordering: .relaxed) >= entries.count }

    /// The number of files, taken or not.
    var count: Int { entries.count }

    func inode(at index: Int) -> UInt64 { entries[index].inode }

    /// The name's bytes without the NUL.
    func name(at index: Int) -> ArraySlice<UInt8> {
        let end = index + 1 < entries.count ? entries[index + 1].start : names.count
        return names[entries[index].start..<(end - 1)]
    }

    func withName<Result, Failure: Error>(
        at index: Int, _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try names.withUnsafeBufferPointer { names throws(Failure) in
            // Never empty, so there is a base address.
            let start = UnsafeRawPointer(names.baseAddress.unsafelyUnwrapped) + entries[index].start
            return try body(start.assumingMemoryBound(to: CChar.self))
        }
    }
}

/// Collects the files of one directory after another, and hands them over in batches.
struct CandidateList {
    struct Entry: Sendable {
        /// As the directory says; 0 if not known.
        let inode: UInt64
        /// Where the name begins.
        let start: Int
    }

    /// Enough that handing over costs nothing, and few enough that the first worker begins at once.
    private static let limit = 64

    private let push: (CandidateBatch) -> Void
    private var names: [UInt8] = []
    private var entries: [Entry] = []

    init(push: @escaping (CandidateBatch) -> Void) { self.push = push }

    /// - Parameter name: with the NUL at its end.
    mutating func add(_ name: UnsafeBufferPointer<UInt8>, inode: UInt64, in directory: Directory) {
        entries.append(Entry(inode: inode, start: names.count))
        names.append(contentsOf: name)
        if entries.count == CandidateList.limit { flush(directory) }
    }

    /// Hands over the remaining files of a directory.
    mutating func flush(_ directory: Directory) {
        guard !entries.isEmpty else { return }
        push(CandidateBatch(directory: directory, names: names, entries: entries))
        (names, entries) = ([], [])
        names.reserveCapacity(CandidateList.limit * 32)
        entries.reserveCapacity(CandidateList.limit)
    }
}
