import Files
import Glibc
import ScanModel

/// Walks directories and hands the files in them to a visitor.
///
/// The walk is depth first with a stack, since breadth first would hold whole levels in memory. A name is the bytes
/// that the directory has, it is opened relative to its directory, and symbolic links are not followed, so nothing can
/// lead the walk out of the roots. A directory is read once, whatever its names, so bind mounts and overlapping roots
/// cost nothing and cannot cause a loop. Errors are handed over, too, and the walk goes on.
struct Walker<Visitor: FileVisitor> {
    private let configuration: ScanConfiguration
    private let cancellation: Cancellation
    private let progress: ProgressCounter
    private let fail: (PathError) -> Void

    private(set) var visitor: Visitor
    private(set) var coverage: Coverage
    private var visited: Set<FileKey> = []
    private var pending: [PendingDirectory] = []

    /// A directory still to be read. It keeps its parent open.
    private struct PendingDirectory {
        let parent: Directory
        let name: [UInt8]
    }

    /// - Parameter progress: counts the directories.
    init(
        configuration: ScanConfiguration, cancellation: Cancellation, progress: ProgressCounter = ProgressCounter(),
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
                coverage.add(ScannedRoot(path: root, file: nil, error: error))
                fail(PathError(path: root, error))
            }
        }
        coverage.isComplete = !cancellation.isCancelled
    }

    /// Walks one root. The root may be a symbolic link; below it, none is followed.
    private mutating func walk(root: RawPath) throws(SystemError) {
        let status = try FileStatus(directory: AT_FDCWD, name: root.bytes)
        coverage.addRoot(root, isFile: !status.isDirectory)
        guard status.isDirectory else {
            coverage.add(ScannedRoot(path: root, file: FileKey(status.identity)))
            return visitor.visitRoot(root, status, coverage.roots)
        }
        let directory = try openRoot(root)
        if let error = read(directory) {
            coverage.add(ScannedRoot(path: root, file: nil, error: error))
        } else {
            coverage.add(ScannedRoot(path: root, file: directory.key))
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

    /// Opens a directory below a root; nil if it is left out.
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
            // Since its name was read, it has been removed or replaced by a link or a file.
            let isGone = [ENOENT, ELOOP, ENOTDIR].contains(error.code) && error.operation == "open"
            if !isGone { fail(PathError(path: path, error)) }
            return nil
        }
    }

    /// Reads a directory; returns the error that stopped it, if any.
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
        // They are popped from the end, so that the walk follows the order of the names.
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

    /// Visits an entry on a file system that does not say what its entries are.
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
        // Most filters need no path, and building one for each file would cost more than the rest of the walk.
        guard configuration.filter.acceptsFile(name: entry.cString, path: { directory.path.appending(entry.nameBytes) })
        else { return }
        visitor.visit(entry, in: directory)
    }
}
