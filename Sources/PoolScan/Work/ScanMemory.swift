import Files

/// What the workers of a scan share: the files they have met, those they have deferred, and the backing files they
/// know.
final class ScanMemory: Sendable {
    let bases: BackingCache
    /// The files met, with the time of their last change: a new file may have got the inode of one that is gone.
    private let seen = Locked<Set<FileIdentity>>([])
    /// Marks the files that are as in an earlier result, in place of `seen`: in an unchanged pool these are most.
    private let known: KnownResults
    private let knownSeen: FileMarks
    private let unread = Locked<[RawPath]>([])
    private let linked = Locked<[FileKey: RawPath]>([:])
    private let outOfMemory = Locked<[RawPath: UInt64]>([:])
    /// Whether this is the last round, with one worker: nothing is deferred any more.
    private let isLastRound: Bool

    init(isLastRound: Bool = false, known: KnownResults = KnownResults(), bases: BackingCache = BackingCache()) {
        self.isLastRound = isLastRound
        self.known = known
        knownSeen = FileMarks(count: known.count)
        self.bases = bases
    }

    /// True for the first name under which a file is met, false for every other.
    func isFirstName(of identity: FileIdentity) -> Bool {
        if let index = known.fileIndex(of: identity) { return knownSeen.set(index) }
        return seen.withLock { $0.insert(identity).inserted }
    }

    /// Notes a file that could not be read, so that the scan draws no conclusion about it.
    func addUnread(_ path: RawPath) { unread.withLock { $0.append(path) } }

    /// The files that could not be read.
    func unreadPaths() -> [RawPath] { unread.withLock { $0 } }

    /// Defers a file with several hard links until all its names are known, so that every scan records it under the
    /// same name, the smallest. False if it is to be checked now.
    func deferHardLink(_ candidate: Candidate, _ status: FileStatus) -> Bool {
        guard status.linkCount > 1, candidate.origin != .deferred else { return false }
        let path = candidate.path
        linked.withLock {
            $0[FileKey(status.identity)] = min($0[FileKey(status.identity)] ?? path, path)
        }
        return true
    }

    /// Defers an image for which the memory that all workers share was not enough, until it can have all of it. False
    /// if it already had all of it.
    func deferForMemory(_ candidate: Candidate, _ identity: FileIdentity) -> Bool {
        guard !isLastRound else { return false }
        let path = candidate.path
        outOfMemory.withLock { $0[path] = identity.inode }
        return true
    }

    /// The files deferred for their hard links, each with the smallest name that was met.
    func linkedFiles() -> [FileKey: RawPath] { linked.withLock { $0 } }

    /// The images deferred for memory, in the order of their names.
    func outOfMemoryCandidates() -> [CandidateBatch] {
        outOfMemory.withLock { $0 }.sorted { $0.key < $1.key }
            .map { CandidateBatch(path: $0.key, inode: $0.value, origin: .deferred) }
    }
}
