import Files
import Glibc

/// Adds up the sizes of all files, by their positions. Opens none.
struct SizeVisitor: FileVisitor {
    /// Of files with several names or that are roots: where each counts, which is where its smallest name is.
    private struct NamedFile {
        var path: RawPath
        var position: PathPosition
        let size: UInt64
    }

    /// More of them than this count a share for each name: a pool of backups may have nothing but links.
    static let namedFileLimit = 1 << 17

    private var sum = PositionSizes()
    private var namedFiles: [FileKey: NamedFile] = [:]
    private var positions: DirectoryPositions?

    /// Of all files so far.
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
            let position = positions.position(of: entry)
            guard status.linkCount > 1 else { return sum.add(status.identity.size, at: position) }
            add(status, directory.path.appending(entry.nameBytes), position)
        } catch {
            // The scan itself finds out, and says so.
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
