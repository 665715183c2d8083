/// Candidates that go to one worker together, so that files which have not changed cost less than handing them over.
///
/// Only files that an earlier scan knows are collected, and of one directory, so that a batch holds no more open than a
/// single candidate does.
struct CandidateBatch {
    /// Few enough that a worker which finds all of them changed does not keep the others waiting for long.
    private static let limit = 32

    private let known: KnownResults
    private let push: ([Candidate]) -> Void
    private var likely: [Candidate] = []

    init(known: KnownResults, push: @escaping ([Candidate]) -> Void) {
        self.known = known
        self.push = push
    }

    mutating func add(_ candidate: Candidate) {
        guard known.mayContain(inode: candidate.inode) else { return push([candidate]) }
        likely.append(candidate)
        if likely.count == CandidateBatch.limit { flush() }
    }

    /// Hands over what is left of a directory.
    mutating func flush() {
        guard !likely.isEmpty else { return }
        push(likely)
        likely.removeAll(keepingCapacity: true)
    }
}
