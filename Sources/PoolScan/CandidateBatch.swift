import Files
import Synchronization

/// Files of one directory that go to the workers together, so that most files cost less than handing them over.
///
/// Workers that have nothing else to do take from the same batch, so a large image keeps nobody from what comes after it.
/// All of one directory, so a batch holds no more open than a single file does.
final class CandidateBatch: SharedWork {
    /// nil for a file that is opened by its whole path.
    let directory: Directory?
    let origin: Candidate.Origin
    /// One after the other, each with a NUL at its end.
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

    /// Files that were put off for their links, in the order of their names.
    static func putOff(_ files: [FileKey: RawPath]) -> [CandidateBatch] {
        files.sorted { $0.value < $1.value }
            .map { CandidateBatch(path: $0.value, inode: $0.key.inode, origin: .putOff) }
    }

    func take() -> Candidate? {
        // Asking first keeps the count from running away.
        guard !isUsedUp else { return nil }
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return index < entries.count ? Candidate(batch: self, index: index) : nil
    }

    var isUsedUp: Bool { next.load(ordering: .relaxed) >= entries.count }

    /// Files, taken or not.
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

/// Collects the files of one directory after the other, and hands them over in batches.
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

    /// Hands over what is left of a directory.
    mutating func flush(_ directory: Directory) {
        guard !entries.isEmpty else { return }
        push(CandidateBatch(directory: directory, names: names, entries: entries))
        (names, entries) = ([], [])
        names.reserveCapacity(CandidateList.limit * 32)
        entries.reserveCapacity(CandidateList.limit)
    }
}
