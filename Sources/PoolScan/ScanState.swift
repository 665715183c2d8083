import Files

/// What the workers of a scan know together.
final class ScanState: Sendable {
    /// With the time of the last change, since the inode of a file that is gone may be another's now.
    let bases: BaseCache
    private let seen = Locked<Set<FileIdentity>>([])
    /// Of the files that are as they are known, most of an unchanged pool, `knownSeen` does what `seen` does for others.
    private let known: KnownResults
    private let knownSeen: FileMarks
    private let unread = Locked<[RawPath]>([])
    private let linked = Locked<[FileKey: RawPath]>([:])
    private let starved = Locked<[RawPath: UInt64]>([:])
    /// Set once only one worker is left: nothing is put off any more.
    private let isLastRound: Bool

    init(isLastRound: Bool = false, known: KnownResults = KnownResults(), bases: BaseCache = BaseCache()) {
        self.isLastRound = isLastRound
        self.known = known
        knownSeen = FileMarks(count: known.count)
        self.bases = bases
    }

    /// True for the first name under which a file is met.
    func isFirstName(of identity: FileIdentity) -> Bool {
        if let index = known.fileIndex(of: identity) { return knownSeen.set(index) }
        return seen.withLock { $0.insert(identity).inserted }
    }

    /// Notes a file that could not be read: the scan says nothing of it.
    func addUnread(_ path: RawPath) { unread.withLock { $0.append(path) } }

    /// The files that could not be read.
    func unreadPaths() -> [RawPath] { unread.withLock { $0 } }

    /// Puts off a file with several hard links until all its names are known, so that the same name stands for it in
    /// every scan: the smallest.
    func deferHardLink(_ candidate: Candidate, _ status: FileStatus) -> Bool {
        guard status.linkCount > 1, candidate.origin != .putOff else { return false }
        let path = candidate.path
        linked.withLock {
            $0[FileKey(status.identity)] = min($0[FileKey(status.identity)] ?? path, path)
        }
        return true
    }

    /// Puts off an image for which the memory that all workers share was not enough, until it can have all of it.
    func deferForMemory(_ candidate: Candidate, _ identity: FileIdentity) -> Bool {
        guard !isLastRound else { return false }
        let path = candidate.path
        starved.withLock { $0[path] = identity.inode }
        return true
    }

    /// The files that were put off for their links, each with the smallest name that was met.
    func linkedFiles() -> [FileKey: RawPath] { linked.withLock { $0 } }

    /// The images that were put off for memory, in the order of their names.
    func starvedCandidates() -> [CandidateBatch] {
        starved.withLock { $0 }.sorted { $0.key < $1.key }
            .map { CandidateBatch(path: $0.key, inode: $0.value, origin: .putOff) }
    }
}
