import Foundation
import Glibc

/// All that a program could change in a file.
struct FileState: Hashable, Sendable {
    let inode: UInt64
    let bytes: Data

    init(path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw SoakError(reason: "\(path): \(String(cString: strerror(errno)))") }
        inode = UInt64(status.st_ino)
        bytes = try Data(contentsOf: URL(filePath: path))
    }

    /// The same but for the dirty bit, which QEMU clears some seconds after a write.
    func withoutDirtyBit() -> Data {
        var copy = bytes
        if copy.count > 16 { copy[copy.startIndex + 16] &= ~2 }
        return copy
    }

    /// It ends within a sector, which QEMU takes for a whole one: it misses a last cluster that is cut short so little.
    var hasHiddenEnd: Bool { bytes.count % 512 != 0 }

    /// Where two of them differ, for a report.
    func difference(from other: FileState) -> String {
        if inode != other.inode { return "another file" }
        if bytes.count != other.bytes.count { return "\(bytes.count) bytes, then \(other.bytes.count)" }
        let places = zip(bytes, other.bytes).enumerated().filter { $1.0 != $1.1 }
        guard let first = places.first else { return "nothing" }
        return "\(places.count) bytes, the first at \(first.offset): \(first.element.0), then \(first.element.1)"
    }
}

/// Something that the soak itself could not do.
struct SoakError: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}
