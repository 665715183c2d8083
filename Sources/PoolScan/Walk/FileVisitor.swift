import Files
import Glibc
import ScanModel

/// Receives every file that a walk finds.
protocol FileVisitor {
    /// Called before the files of a directory.
    mutating func enter(_ directory: Directory, _ roots: RootOrder)

    /// Called for a regular file in a directory, if the filter accepts it.
    mutating func visit(_ entry: Directory.Entry, in directory: Directory)

    /// Called after the files of a directory.
    mutating func leave(_ directory: Directory)

    /// Called for a root that is not a directory. `roots` already contains it.
    mutating func visitRoot(_ path: RawPath, _ status: FileStatus, _ roots: RootOrder)
}

extension FileVisitor {
    mutating func enter(_ directory: Directory, _ roots: RootOrder) {}
    mutating func leave(_ directory: Directory) {}
}

/// Finds the smallest name of each of some files. Looks only at files that may be among them.
struct LinkVisitor: FileVisitor {
    /// What FUSE reports for an inode that it does not know.
    private static let unknownInodes: Set<UInt64> = [0, 0xFFFF_FFFF]

    private(set) var names: [FileKey: RawPath]
    private let inodes: Set<UInt64>

    /// - Parameter files: each with one of its names.
    init(_ files: [FileKey: RawPath]) {
        names = files
        inodes = Set(files.keys.map(\.inode)).union(LinkVisitor.unknownInodes)
    }

    mutating func visit(_ entry: Directory.Entry, in directory: Directory) {
        guard inodes.contains(entry.inode) else { return }
        do throws(SystemError) {
            let status = try FileStatus(directory: directory.descriptor, name: entry.cString)
            add(directory.path.appending(entry.nameBytes), status)
        } catch {
            // The name is gone, or nobody can open it.
        }
    }

    mutating func visitRoot(_ path: RawPath, _ status: FileStatus, _ roots: RootOrder) { add(path, status) }

    private mutating func add(_ path: RawPath, _ status: FileStatus) {
        let key = FileKey(status.identity)
        guard let known = names[key] else { return }
        names[key] = min(known, path)
    }
}

/// Adds up the sizes of all files by their positions. Opens no file.
struct SizeVisitor: FileVisitor {
    /// A file that has several names or is a root. It counts where its smallest name is.
    private struct NamedFile {
        var path: RawPath
        var position: PathPosition
        let size: UInt64
    }

    /// Above this number, such a file counts in equal shares for each of its names: a pool of backups may consist of
    /// links.
    static let namedFileLimit = 1 << 17

    private var sum = PositionSizes()
    private var namedFiles: [FileKey: NamedFile] = [:]
    private var positions: DirectoryPositions?

    /// The sizes of all files so far.
    var sizes: PositionSizes {
        var sizes = sum
        for file in namedFiles.values { sizes.add(file.size, at: file.position) }
        return sizes
    }

    mutating func enter(_ directory: Directory, _ roots: RootOrder) {
        positions = roots.positions(in: directory.path)
    }

    mutating func visit(_ entry: Directory.Entry, in directory: Directory) {
        guard let positions else { return }
        do throws(SystemError) {
            let status = try FileStatus(directory: directory.descriptor, name: entry.cString)
            guard status.isRegular else { return }
            let position = positions.position(of: entry.name)
            guard status.linkCount > 1 else { return sum.add(status.identity.size, at: position) }
            add(status, directory.path.appending(entry.nameBytes), position)
        } catch {
            // The scan will report it.
        }
    }

    mutating func leave(_ directory: Directory) { positions = nil }

    mutating func visitRoot(_ path: RawPath, _ status: FileStatus, _ roots: RootOrder) {
        if status.isRegular { add(status, path, roots.position(of: path)) }
    }

    private mutating func add(_ status: FileStatus, _ path: RawPath, _ position: PathPosition) {
        let (key, size) = (FileKey(status.identity), status.identity.size)
        if let known = namedFiles[key] {
            guard path < known.path else { return }
        } else if namedFiles.count >= SizeVisitor.namedFileLimit {
            return sum.add(size / max(status.linkCount, 1), at: position)
        }
        namedFiles[key] = NamedFile(path: path, position: position, size: size)
    }
}

extension ShardRequest {
    /// The part's range, for `ScanConfiguration.shard`. By size, this walks all directories and looks at the status of
    /// every file that the filter accepts; errors are left to the scan to report.
    ///
    /// - Returns: nil if it was cancelled.
    package func shard(
        of configuration: ScanConfiguration, cancellation: Cancellation = Cancellation()
    ) -> ShardRange? {
        guard !cancellation.isCancelled else { return nil }
        guard basis == .size else { return shardByCount }
        var walker = Walker(
            configuration: configuration, cancellation: cancellation, visitor: SizeVisitor(), fail: { _ in })
        walker.run()
        guard !cancellation.isCancelled else { return nil }
        return shard(of: walker.visitor.sizes)
    }
}
