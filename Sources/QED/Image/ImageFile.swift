import CSystem
import Files
import Glibc

/// An image file open for reading. There is no way to write through it.
///
/// Not `Sendable`: one worker opens, checks and drops it. Its reads do not disturb each other (pread(2)).
public final class ImageFile: ImageSource {
    /// A repair holds a lease for some microseconds to learn whether anybody else has the file open. Who opens it just
    /// then without waiting is turned away.
    private static let leaseAttempts = 20
    /// Microseconds.
    private static let leasePause: useconds_t = 2000

    package let descriptor: Int32
    /// As it was when the file was opened.
    public let status: FileStatus
    /// When the file was made, nanoseconds since 1970. nil where the file system does not say.
    package let birthTime: Int64?

    public var size: UInt64 { status.identity.size }
    public var diskSize: UInt64 { status.diskSize }
    public var allowsConcurrentReads: Bool { true }

    /// Opens a name in a directory: a symbolic link is not followed, and a FIFO or device does not block.
    public convenience init(directory: Int32, name: [UInt8]) throws(SystemError) {
        try self.init(opening: name, in: directory, following: false)
    }

    /// Opens a path that a person named, so a symbolic link is followed.
    public convenience init(path: RawPath) throws(SystemError) {
        try self.init(opening: path.bytes, in: AT_FDCWD, following: true)
    }

    private convenience init(opening name: [UInt8], in directory: Int32, following: Bool) throws(SystemError) {
        let opened = RawPath.withCString(name) { name in
            Result { () throws(SystemError) in
                try ImageFile.open(directory: directory, name: name, following: following)
            }
        }
        try self.init(descriptor: opened.get())
    }

    /// Takes over an open file, and closes it if it cannot be used.
    init(descriptor: Int32) throws(SystemError) {
        var status = stat()
        var birth: Int64 = 0
        do throws(SystemError) {
            try retryingInterrupted("fstat") { csystem_status(descriptor, "", &status, &birth) }
        } catch {
            close(descriptor)
            throw error
        }
        self.status = FileStatus(status)
        birthTime = birth == 0 ? nil : birth
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        try FileReader(descriptor: descriptor).read(into: buffer, at: offset)
    }

    public func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        FileReader(descriptor: descriptor).nextData(from: offset)
    }

    public func mustWait(toReadAt offset: ByteOffset) -> Bool {
        FileReader(descriptor: descriptor).mustWait(toReadAt: offset)
    }

    public func readAhead(_ range: Range<UInt64>) { FileReader(descriptor: descriptor).readAhead(range) }

    static func open(
        directory: Int32, name: UnsafePointer<CChar>, following: Bool
    ) throws(SystemError) -> Int32 {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (following ? 0 : O_NOFOLLOW)
        // O_NOATIME leaves the access time alone, and only the owner may ask for it.
        do throws(SystemError) {
            return try open(directory: directory, name: name, flags: flags | csystem_o_noatime())
        } catch {
            guard error.code == EPERM else { throw error }
            return try open(directory: directory, name: name, flags: flags)
        }
    }

    private static func open(
        directory: Int32, name: UnsafePointer<CChar>, flags: Int32
    ) throws(SystemError) -> Int32 {
        for _ in 1..<leaseAttempts {
            do throws(SystemError) {
                return try retryingInterrupted("open") { csystem_openat(directory, name, flags) }
            } catch {
                guard error.code == EWOULDBLOCK else { throw error }
                usleep(leasePause)
            }
        }
        return try retryingInterrupted("open") { csystem_openat(directory, name, flags) }
    }
}

extension ImageFile {
    /// Opens a path of which no name is a symbolic link, nor the last one a device: one that a scan has found before.
    package convenience init(withoutLinks path: RawPath) throws(SystemError) {
        let parent = try ParentDirectory(of: path)
        try parent.refuseDevice()
        try self.init(directory: parent.descriptor, name: parent.name)
        withExtendedLifetime(parent) {}
    }

    /// Opens the very file that a handle holds.
    convenience init(_ handle: PathHandle) throws(SystemError) {
        try self.init(path: handle.reopeningPath)
        withExtendedLifetime(handle) {}
    }
}
