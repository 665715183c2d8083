import Files
import Glibc

/// What a scan has looked at: where it says something of an image that it did *not* see.
package struct Coverage: Sendable {
    /// The roots that exist.
    private(set) var roots = RootOrder()
    /// The roots as they were found, each once, in the order given.
    package private(set) var rootResults: [RootResult] = []
    /// What was not read: files with errors, and directories with errors, on other file systems, or excluded.
    private var unread: Set<RawPath> = []
    /// The directories below the roots where the walk went into another file system.
    package private(set) var mounts: Set<RawPath> = []
    private let filter: PathFilter
    /// Files of other shards are not looked at.
    private let shard: Shard?
    /// Whether the walk came to its end.
    package internal(set) var isComplete = false

    init(filter: PathFilter, shard: Shard? = nil) {
        self.filter = filter
        self.shard = shard
    }

    /// - Parameter path: resolved.
    mutating func addRoot(_ path: RawPath, isFile: Bool = false) { roots.add(path, isFile: isFile) }
    mutating func add(_ result: RootResult) {
        if !rootResults.contains(where: { $0.path == result.path }) { rootResults.append(result) }
    }
    mutating func addUnread(_ path: RawPath) { unread.insert(path) }
    mutating func addMount(_ path: RawPath) { mounts.insert(path) }

    /// Whether the scan would have seen an image at this path.
    package func covers(_ path: RawPath) -> Bool { reaches(path) && isInShard(path) }

    /// Whether another shard would have seen an image at this path, if it were still there.
    package func lacks(_ path: RawPath) -> Bool {
        guard reaches(path), !isInShard(path) else { return false }
        do throws(SystemError) {
            _ = try FileStatus(directory: AT_FDCWD, name: path.bytes)
            return false
        } catch {
            return error.code == ENOENT || error.code == ENOTDIR
        }
    }

    /// Whether some shard of the scan would have seen an image at this path.
    private func reaches(_ path: RawPath) -> Bool {
        guard isComplete, filter.acceptsFile(path), !unread.contains(path) else { return false }
        var isBelowRoot = roots.contains(path)
        for ancestor in path.ancestors {
            if unread.contains(ancestor.path) { return false }
            isBelowRoot = isBelowRoot || roots.contains(ancestor.path)
        }
        return isBelowRoot
    }

    /// Whether a path below the roots is this scan's to look at.
    func isInShard(_ path: RawPath) -> Bool { shard?.contains(roots.position(of: path)) ?? true }
}
