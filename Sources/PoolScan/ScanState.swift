import QED

/// What the workers of a scan know together.
final class ScanState: Sendable {
    private let seen = Locked<Set<FileKey>>([])
    private let linked = Locked<[FileKey: RawPath]>([:])
    private let starved = Locked<[Candidate]>([])
    /// Set once only one worker is left: nothing is put off any more.
    private let isLastRound: Bool

    init(isLastRound: Bool = false) { self.isLastRound = isLastRound }

    /// True for the first name under which a file is met.
    func isFirstName(of key: FileKey) -> Bool { seen.withLock { $0.insert(key).inserted } }

    /// Puts off a file with several hard links until all its names are known, so that the same name stands for it in
    /// every scan: the smallest.
    func isPutOff(_ candidate: Candidate, _ status: FileStatus) -> Bool {
        guard status.linkCount > 1, candidate.expected == nil else { return false }
        linked.withLock {
            $0[FileKey(status.identity)] = min($0[FileKey(status.identity)] ?? candidate.path, candidate.path)
        }
        return true
    }

    /// Puts off an image for which the memory that all workers share was not enough, until it can have all of it.
    func isStarved(_ candidate: Candidate, _ key: FileKey) -> Bool {
        guard !isLastRound else { return false }
        starved.withLock { $0.append(Candidate(path: candidate.path, expected: key)) }
        return true
    }

    /// The files that were put off for their links, in the order of their names.
    func linkedCandidates() -> [Candidate] {
        linked.withLock { $0 }.sorted { $0.value < $1.value }.map { Candidate(path: $0.value, expected: $0.key) }
    }

    /// The images that were put off for memory, in the order of their names.
    func starvedCandidates() -> [Candidate] { starved.withLock { $0 }.sorted { $0.path < $1.path } }
}
