import QED

/// A result from an earlier scan that may still hold.
package struct KnownResult: Sendable {
    /// Whatever the caller knows the image by.
    package let imageID: Int64
    fileprivate let pathHash: Int
    package let identity: FileIdentity
    package let outcome: Outcome
    package let isDirty: Bool
    /// What the image's header says of a backing file: it has not changed, but the backing file may have.
    fileprivate let reference: BackingReference?
    /// What this scan found of the backing file.
    package fileprivate(set) var backing = ImageBacking.unknown

    package init(
        imageID: Int64, path: RawPath, identity: FileIdentity, outcome: Outcome, isDirty: Bool,
        reference: BackingReference? = nil
    ) {
        self.reference = reference
        self.imageID = imageID
        pathHash = path.hashValue
        self.identity = identity
        self.outcome = outcome
        self.isDirty = isDirty
    }
}

/// The results that may be used again, by file and path: the inode of a file that is gone may be another's now.
package struct KnownResults: Sendable {
    private struct Key: Hashable {
        let file: FileKey
        let pathHash: Int
    }

    private var results: [Key: KnownResult] = [:]
    private var inodes: Set<UInt64> = []

    package init() {}

    package mutating func insert(_ result: KnownResult) {
        results[Key(file: FileKey(result.identity), pathHash: result.pathHash)] = result
        inodes.insert(result.identity.inode)
    }

    /// A cheap test with what a directory says of a file: whether a look at its status may be worth it.
    func mayContain(inode: UInt64) -> Bool { inodes.contains(inode) }

    /// The result for a file if neither it nor its path has changed since.
    func result(for identity: FileIdentity, path: RawPath) -> KnownResult? {
        let known = results[Key(file: FileKey(identity), pathHash: path.hashValue)]
        return known?.identity == identity ? known : nil
    }
}

/// Takes the files whose earlier result still holds, so that they need not be opened.
struct ReuseFilter {
    let known: KnownResults
    let state: ScanState
    let emit: (ScanEvent) -> Void

    /// True if nothing more is to be done with a file: its earlier result holds, or it is put off.
    func takes(_ candidate: Candidate) -> Bool {
        guard known.mayContain(inode: candidate.inode) else { return false }
        do throws(SystemError) {
            let status = try candidate.status()
            guard let result = known.result(for: status.identity, path: candidate.path) else { return false }
            if state.isPutOff(candidate, status) { return true }
            if state.isFirstName(of: status.identity) { emit(.reused(looking(result, candidate.path))) }
            return true
        } catch {
            // Whoever opens the file finds out what is wrong with it.
            return false
        }
    }

    private func looking(_ result: KnownResult, _ path: RawPath) -> KnownResult {
        var result = result
        if let reference = result.reference { result.backing = .link(state.bases.link(of: reference, overlay: path)) }
        return result
    }
}
