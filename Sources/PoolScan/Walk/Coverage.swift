import Files
import Glibc
import ScanModel

/// Where a scan has looked, so that it can tell which images it should have seen and did not.
package struct Coverage: Sendable {
    /// The roots that exist.
    private(set) var roots = RootOrder()
    /// What was found at the roots, each once, in the order given.
    package private(set) var rootResults: [ScannedRoot] = []
    /// The paths that were not read: files with errors, and directories that have errors, are on other file systems, or
    /// are excluded.
    private var unread: Set<RawPath> = []
    /// The directories below the roots where the walk entered another file system.
    package private(set) var mounts: Set<RawPath> = []
    private let filter: PathFilter
    private let shard: ShardRange?
    /// Whether the walk was completed.
    package internal(set) var isComplete = false

    init(filter: PathFilter, shard: ShardRange? = nil) {
        self.filter = filter
        self.shard = shard
    }

    /// - Parameter path: resolved.
    mutating func addRoot(_ path: RawPath, isFile: Bool = false) { roots.add(path, isFile: isFile) }
    mutating func add(_ result: ScannedRoot) {
        if !rootResults.contains(where: { $0.path == result.path }) { rootResults.append(result) }
    }
    mutating func addUnread(_ path: RawPath) { unread.insert(path) }
    mutating func addMount(_ path: RawPath) { mounts.insert(path) }

    /// Whether the scan would have seen an image at this path.
    package func covers(_ path: RawPath) -> Bool { reaches(path) && isInShard(path) }

    /// Whether a path that belongs to another shard no longer exists.
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

    /// Whether a path below the roots is in this scan's shard.
    func isInShard(_ path: RawPath) -> Bool { shard?.contains(roots.position(of: path)) ?? true }
}

extension Coverage {
    /// The same, for the store.
    package var scope: ScanScope {
        ScanScope(roots: rootResults, mounts: mounts, isDirectory: Coverage.isDirectory, covers: covers, lacks: lacks)
    }

    private static func isDirectory(_ path: RawPath) -> Bool {
        do throws(SystemError) {
            return try FileStatus(directory: AT_FDCWD, name: path.bytes).isDirectory
        } catch {
            return false
        }
    }
}
