import CSystem
import Glibc
import QED

/// A directory open for looking up names. Kept open while something below it is still to be looked at.
final class Directory: Sendable {
    let path: RawPath
    let descriptor: Int32
    let key: FileKey

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
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// A name in a directory, with what readdir(3) says of it.
    struct Entry {
        enum Kind { case directory, regular, unknown, other }

        let name: [UInt8]
        let inode: UInt64
        let kind: Kind
    }

    /// Calls a function with each entry but `.` and `..`, in the directory's own order, until it returns false.
    func forEachEntry(_ body: (Entry) -> Bool) throws(SystemError) {
        // The stream closes its descriptor, and ours is wanted afterwards.
        let copy = try retryingInterrupted("dup") { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }
        guard let stream = fdopendir(copy) else {
            let error = SystemError.last("fdopendir")
            close(copy)
            throw error
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw SystemError.last("readdir") }
                return
            }
            let name = Directory.name(of: entry)
            if name == [UInt8(ascii: ".")] || name == [UInt8(ascii: "."), UInt8(ascii: ".")] { continue }
            let kind = Directory.kind(of: entry.pointee.d_type)
            guard body(Entry(name: name, inode: UInt64(entry.pointee.d_ino), kind: kind)) else { return }
        }
    }

    /// Whether the kernel makes up the files here, so that reading them may have effects or never end.
    var isPseudoFileSystem: Bool { FileSystem.isPseudo(descriptor: descriptor) }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> [UInt8] {
        let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0
        let start = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
        return Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
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
