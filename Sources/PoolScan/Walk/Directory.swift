import CSystem
import Files
import Glibc
import ScanModel

/// A directory that is open for looking up names. It stays open while something below it is still to be visited.
final class Directory: Sendable {
    let path: RawPath
    let descriptor: Int32
    let key: FileKey
    let fileSystem: FileSystem
    /// Has seen the path and the slash: a copy continues with a name.
    let pathHasher: PathHasher

    /// Opens a name in a directory, or a path if there is none. A symbolic link as last name is not followed.
    init(path: RawPath, in parent: Directory? = nil, name: [UInt8]? = nil) throws(SystemError) {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let descriptor = try retryingInterrupted("open") {
            RawPath(bytes: name ?? path.bytes).withCString { name in
                csystem_openat(parent?.descriptor ?? AT_FDCWD, name, flags)
            }
        }
        do throws(SystemError) {
            key = FileKey(try FileStatus(descriptor: descriptor).identity)
        } catch {
            close(descriptor)
            throw error
        }
        if let parent, parent.key.device == key.device {
            fileSystem = parent.fileSystem
        } else {
            fileSystem = FileSystem(descriptor: descriptor)
        }
        var hasher = PathHasher()
        path.appending([]).bytes.withUnsafeBytes { hasher.add($0) }
        pathHasher = hasher
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// A name in a directory, with what the directory says about it.
    struct Entry {
        enum Kind { case directory, regular, unknown, other }

        /// With the NUL at its end. Valid only during the visit of the entry.
        let name: UnsafeBufferPointer<UInt8>
        let inode: UInt64
        let kind: Kind

        /// The name's bytes without the NUL.
        var nameBytes: [UInt8] { Array(name.dropLast()) }

        var cString: UnsafePointer<CChar> {
            // Never empty, so there is a base address.
            UnsafeRawPointer(name.baseAddress.unsafelyUnwrapped).assumingMemoryBound(to: CChar.self)
        }
    }

    /// Bytes of entries that one call reads.
    private static let bufferSize = 64 << 10

    /// Calls a function with each entry except `.` and `..`, in the directory's order, until it returns false. Call it
    /// only once: it continues where the descriptor stands.
    ///
    /// Uses getdents64(2), since readdir(3) needs a second descriptor.
    func forEachEntry(_ body: (Entry) -> Bool) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Directory.bufferSize, alignment: MemoryLayout<dirent>.alignment)
        defer { buffer.deallocate() }
        while true {
            var rest = UnsafeRawBufferPointer(rebasing: buffer[..<(try readEntries(into: buffer))])
            if rest.isEmpty { return }
            while let entry = Directory.takeEntry(of: &rest) {
                if !Directory.isDots(entry.name), !body(entry) { return }
            }
        }
    }

    private func readEntries(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        do throws(SystemError) {
            return try retryingInterrupted("readdir") {
                csystem_read_directory(descriptor, buffer.baseAddress, buffer.count)
            }
        } catch {
            // Some file systems report this for a directory that has been removed meanwhile.
            if error.code == ENOENT { return 0 }
            throw error
        }
    }

    /// Parses a `struct dirent`. The kernel wrote it, so its lengths are right.
    private static func takeEntry(of rest: inout UnsafeRawBufferPointer) -> Entry? {
        guard let start = rest.baseAddress, !rest.isEmpty else { return nil }
        let record = start.assumingMemoryBound(to: dirent.self)
        let name = start + (MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0)
        let length = strlen(name.assumingMemoryBound(to: CChar.self))
        rest = UnsafeRawBufferPointer(rebasing: rest[Int(record.pointee.d_reclen)...])
        return Entry(
            name: UnsafeBufferPointer(start: name.assumingMemoryBound(to: UInt8.self), count: length + 1),
            inode: UInt64(record.pointee.d_ino), kind: kind(of: record.pointee.d_type))
    }

    private static func isDots(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let dot = UInt8(ascii: ".")
        return name[0] == dot && (name[1] == 0 || name[1] == dot && name[2] == 0)
    }

    private static func kind(of type: UInt8) -> Entry.Kind {
        switch Int(type) {
        case Int(DT_DIR): .directory
        case Int(DT_REG): .regular
        case Int(DT_UNKNOWN): .unknown
        default: .other
        }
    }
}
