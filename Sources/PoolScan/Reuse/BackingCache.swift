import Files
import QED

/// The backing files that a scan has looked at: many overlays may share one.
final class BackingCache: Sendable {
    /// The store's files. Opening and closing one would drop SQLite's locks on it.
    private let ownFiles: Set<FileKey>
    private let bases = Locked<[RawPath: BackingTarget]>([:])
    private let directories = Locked<[RawPath: RawPath?]>([:])

    init(ownFiles: Set<FileKey> = []) { self.ownFiles = ownFiles }

    /// Where a reference leads. Each path is looked at once, by the first caller; two callers at the same time may both
    /// look.
    func link(of reference: BackingReference, overlay: RawPath) -> BackingLink {
        reference.link(overlay: overlay) { path in
            if let known = bases.withLock({ $0[path] }) { return known }
            let base = BackingTarget(
                lookingAt: path, isClosed: { ownFiles.contains(FileKey($0)) }, resolve: resolvedDirectory)
            bases.withLock { $0[path] = base }
            return base
        }
    }

    /// A directory's path without symbolic links; nil if there is no such directory.
    private func resolvedDirectory(_ path: RawPath) -> RawPath? {
        if let known = directories.withLock({ $0[path] }) { return known }
        let resolved = path.resolvedOrNil
        directories.withLock { $0[path] = .some(resolved) }
        return resolved
    }
}
