import Files
import Glibc

/// Walks directories and tells a visitor of the files in them.
///
/// Depth first with a stack, since breadth first would hold whole levels in memory. Names are the directory's own
/// bytes, each is opened relative to its directory, and symbolic links are not followed, so nothing can lead the walk out of
/// the roots. A directory is read once, whatever its names: bind mounts and overlapping roots cost nothing and cannot
/// make a loop. Errors are handed over too, and the walk goes on.
struct Walker<Visitor: FileVisitor> {
    private let configuration: ScanConfiguration
    private let cancellation: Cancellation
    private let progress: Progress
    private let fail: (PathError) -> Void

    private(set) var visitor: Visitor
    private(set) var coverage: Coverage
    private var visited: Set<FileKey> = []
    private var pending: [PendingDirectory] = []

    /// A directory still to be read. It holds its parent open.
    private struct PendingDirectory {
        let parent: Directory
        let name: [UInt8]
    }

    /// - Parameter progress: counts the directories.
    init(
        configuration: ScanConfiguration, cancellation: Cancellation, progress: Progress = Progress(),
        visitor: Visitor, fail: @escaping (PathError) -> Void
    ) {
        self.configuration = configuration
        self.cancellation = cancellation
        self.progress = progress
        self.visitor = visitor
        self.fail = fail
        coverage = Coverage(filter: configuration.filter, shard: configuration.shard)
    }

    /// Walks all roots, in the order given.
    mutating func run() {
        for root in configuration.roots where !cancellation.isCancelled {
            do throws(SystemError) {
                try walk(root: root.resolved())
            } catch {
                coverage.add(RootResult(path: root, error: error))
                fail(PathError(path: root, error))
            }
        }
        coverage.isComplete = !cancellation.isCancelled
    }

    /// A root may be a symbolic link; from there on none is followed.
    private mutating func walk(root: RawPath) throws(SystemError) {
        let status = try FileStatus(directory: AT_FDCWD, name: root.bytes)
        coverage.addRoot(root, isFile: !status.isDirectory)
        guard status.isDirectory else {
            coverage.add(RootResult(path: root, file: FileKey(status.identity)))
            return visitor.visitRoot(root, status, coverage.roots)
        }
        let directory = try openRoot(root)
        if let error = read(directory) {
            coverage.add(RootResult(path: root, error: error))
        } else {
            coverage.add(RootResult(path: root, file: directory.key))
        }
        while let next = pending.popLast(), !cancellation.isCancelled {
            if let directory = open(next, rootDevice: directory.key.device) { read(directory) }
        }
        pending.removeAll()
    }

    private mutating func openRoot(_ path: RawPath) throws(SystemError) -> Directory {
        do throws(SystemError) {
            return try Directory(path: path)
        } catch {
            coverage.addUnread(path)
            throw error
        }
    }

    /// Opens a directory below a root; nil if it is to be left out.
    private mutating func open(_ next: PendingDirectory, rootDevice: UInt64) -> Directory? {
        let path = next.parent.path.appending(next.name)
        do throws(SystemError) {
            let directory = try Directory(path: path, in: next.parent, name: next.name)
            guard directory.key.device != next.parent.key.device else { return directory }
            let isLeftOut = configuration.staysOnFileSystem && directory.key.device != rootDevice
            guard isLeftOut || directory.fileSystem.isPseudo else {
                coverage.addMount(path)
                return directory
            }
            coverage.addUnread(path)
            return nil
        } catch {
            coverage.addUnread(path)
            // It went away, or became a link or a file, since its name was read: not there any more.
            let isGone = [ENOENT, ELOOP, ENOTDIR].contains(error.code) && error.operation == "open"
            if !isGone { fail(PathError(path: path, error)) }
            return nil
        }
    }

    /// Returns the error that ended it early.
    @discardableResult
    private mutating func read(_ directory: Directory) -> SystemError? {
        guard visited.insert(directory.key).inserted else { return nil }
        progress.addDirectory()
        visitor.enter(directory, coverage.roots)
        let firstPending = pending.count
        var failure: SystemError?
        do throws(SystemError) {
            try directory.forEachEntry { entry in
                visit(entry, in: directory)
                return !cancellation.isCancelled
            }
        } catch {
            coverage.addUnread(directory.path)
            fail(PathError(path: directory.path, error))
            failure = error
        }
        visitor.leave(directory)
        // Popped from the end: the order of the walk is the order of the names.
        pending[firstPending...].reverse()
        return failure
    }

    private mutating func visit(_ entry: Directory.Entry, in directory: Directory) {
        switch entry.kind {
        case .other: break
        case .directory: addDirectory(entry.nameBytes, in: directory)
        case .regular: addFile(entry, in: directory)
        case .unknown: visitUnknown(entry, in: directory)
        }
    }

    /// An entry of a file system that does not tell what its entries are.
    private mutating func visitUnknown(_ entry: Directory.Entry, in directory: Directory) {
        do throws(SystemError) {
            let status = try FileStatus(directory: directory.descriptor, name: entry.nameBytes)
            if status.isDirectory { addDirectory(entry.nameBytes, in: directory) }
            if status.isRegular { addFile(entry, in: directory) }
        } catch {
            guard error.code != ENOENT else { return }
            let path = directory.path.appending(entry.nameBytes)
            coverage.addUnread(path)
            fail(PathError(path: path, error))
        }
    }

    private mutating func addDirectory(_ name: [UInt8], in parent: Directory) {
        let path = parent.path.appending(name)
        if configuration.filter.acceptsDirectory(path) {
            pending.append(PendingDirectory(parent: parent, name: name))
        } else {
            coverage.addUnread(path)
        }
    }

    private mutating func addFile(_ entry: Directory.Entry, in directory: Directory) {
        // Most filters need no path, and making one for each file would cost more than the rest of the walk.
        guard configuration.filter.acceptsFile(name: entry.cString, path: { directory.path.appending(entry.nameBytes) })
        else { return }
        visitor.visit(entry, in: directory)
    }
}
