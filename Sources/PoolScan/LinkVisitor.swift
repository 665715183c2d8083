import Files
import Glibc

/// Finds the smallest name that each of some files has. Looks only at files that may be among them.
struct LinkVisitor: FileVisitor {
    /// What FUSE says for an inode that it does not know.
    private static let unknownInodes: Set<UInt64> = [0, 0xFFFF_FFFF]

    private(set) var names: [FileKey: RawPath]
    private let inodes: Set<UInt64>

    /// - Parameter files: each with a name that it has.
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
            // Not a name any more, or one that nobody can open.
        }
    }

    mutating func visitRoot(_ path: RawPath, _ status: FileStatus, _ roots: RootOrder) { add(path, status) }

    private mutating func add(_ path: RawPath, _ status: FileStatus) {
        let key = FileKey(status.identity)
        guard let known = names[key] else { return }
        names[key] = min(known, path)
    }
}
