import Files

/// Takes the files whose earlier result still holds, so that they need not be opened. Belongs to one thread.
struct ReuseFilter {
    private let known: KnownResults
    private let state: ScanState
    private let emit: (ScanEvent) -> Void
    private var taken: [ReusedImage] = []

    init(known: KnownResults, state: ScanState, emit: @escaping (ScanEvent) -> Void) {
        self.known = known
        self.state = state
        self.emit = emit
    }

    /// True if nothing more is to be done with a file: its earlier result holds, or it is put off.
    mutating func takes(_ candidate: Candidate) -> Bool {
        guard known.mayContain(inode: candidate.inode) else { return false }
        do throws(SystemError) {
            let status = try candidate.status()
            guard let index = known.index(of: status.identity, path: candidate.pathHash) else { return false }
            if state.deferHardLink(candidate, status) { return true }
            if state.isFirstName(of: status.identity) {
                taken.append(known.image(at: index) { state.bases.link(of: $0, overlay: candidate.path) })
            }
            return true
        } catch {
            // Whoever opens the file finds out what is wrong with it.
            return false
        }
    }

    /// Hands over what was taken: at the end of a batch, since each alone would cost more than it is.
    mutating func flush() {
        guard !taken.isEmpty else { return }
        emit(.reused(taken))
        taken.removeAll(keepingCapacity: true)
    }
}
