import Files
import ScanModel

/// Reuses the earlier results that still hold, so that their files need not be opened. Belongs to one thread.
struct ReuseFilter {
    private let known: KnownResults
    private let memory: ScanMemory
    private let emit: (ScanEvent) -> Void
    private var taken: [ReusedImage] = []

    init(known: KnownResults, memory: ScanMemory, emit: @escaping (ScanEvent) -> Void) {
        self.known = known
        self.memory = memory
        self.emit = emit
    }

    /// True if nothing more is to be done with a file: its earlier result holds, or it is deferred.
    mutating func takes(_ candidate: Candidate) -> Bool {
        guard known.mayContain(inode: candidate.inode) else { return false }
        do throws(SystemError) {
            let status = try candidate.status()
            guard let index = known.index(of: status.identity, path: candidate.pathHash) else { return false }
            if memory.deferHardLink(candidate, status) { return true }
            if memory.isFirstName(of: status.identity) {
                taken.append(known.image(at: index) { memory.bases.link(of: $0, overlay: candidate.path) })
            }
            return true
        } catch {
            // Opening the file will tell what is wrong with it.
            return false
        }
    }

    /// Hands over the reused images. Called at the end of a batch: one by one, handing over would cost more than the
    /// rest.
    mutating func flush() {
        guard !taken.isEmpty else { return }
        emit(.reused(taken))
        taken.removeAll(keepingCapacity: true)
    }
}
