import Files
import Glibc
import ScanModel

/// Hands over the files to be checked: those of the shard, without the store's own.
struct CandidateVisitor: FileVisitor {
    private let ownFiles: Set<FileKey>
    private let ownInodes: [UInt64]
    private let shard: ShardRange?
    private let push: (CandidateBatch) -> Void
    private let fail: (PathError) -> Void
    private var files: CandidateList
    /// For the directory that is being read; nil without a shard.
    private var positions: DirectoryPositions?

    init(
        configuration: ScanConfiguration, progress: ProgressCounter, push: @escaping (CandidateBatch) -> Void,
        fail: @escaping (PathError) -> Void
    ) {
        ownFiles = configuration.ownFiles
        ownInodes = configuration.ownFiles.map(\.inode)
        shard = configuration.shard
        let push = { (batch: CandidateBatch) in
            progress.addFiles(batch.count)
            push(batch)
        }
        self.push = push
        self.fail = fail
        files = CandidateList(push: push)
    }

    mutating func enter(_ directory: Directory, _ roots: RootOrder) {
        if shard != nil { positions = roots.positions(in: directory.path) }
    }

    mutating func visit(_ entry: Directory.Entry, in directory: Directory) {
        if let shard, let positions, !shard.contains(positions.position(of: entry.name)) { return }
        if isOwn(entry, in: directory) { return }
        files.add(entry.name, inode: entry.inode, in: directory)
    }

    mutating func leave(_ directory: Directory) { files.flush(directory) }

    mutating func visitRoot(_ path: RawPath, _ status: FileStatus, _ roots: RootOrder) {
        if let shard, !shard.contains(roots.position(of: path)) { return }
        guard status.isRegular else {
            // A person named it, so a FIFO or device is worth an error.
            let reason = "neither a directory nor a regular file"
            return fail(PathError(path: path, operation: "stat", code: EINVAL, message: reason))
        }
        guard !ownFiles.contains(FileKey(status.identity)) else { return }
        push(CandidateBatch(path: path, inode: status.identity.inode, origin: .root))
    }

    /// Whether it is one of the store's own files: opening and closing it would drop SQLite's locks on it. The file's
    /// status decides, since on an overlay its device need not be that of its directory.
    private func isOwn(_ entry: Directory.Entry, in directory: Directory) -> Bool {
        guard ownInodes.contains(entry.inode) else { return false }
        do throws(SystemError) {
            let status = try FileStatus(directory: directory.descriptor, name: entry.nameBytes)
            return ownFiles.contains(FileKey(status.identity))
        } catch {
            return true
        }
    }
}
