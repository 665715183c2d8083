import CSystem
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

    public var size: UInt64 { status.identity.size }
    public var diskSize: UInt64 { status.diskSize }
    public var allowsConcurrentReads: Bool { true }

    /// Opens a name in a directory: a symbolic link is not followed, and a FIFO or device does not block.
    public convenience init(directory: Int32, name: [UInt8]) throws(SystemError) {
        try self.init(descriptor: ImageFile.open(directory: directory, name: name, following: false))
    }

    /// Opens a path that a person named, so a symbolic link is followed.
    public convenience init(path: RawPath) throws(SystemError) {
        try self.init(descriptor: ImageFile.open(directory: AT_FDCWD, name: path.bytes, following: true))
    }

    private init(descriptor: Int32) throws(SystemError) {
        do throws(SystemError) {
            status = try FileStatus(descriptor: descriptor)
        } catch {
            close(descriptor)
            throw error
        }
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

    private static func open(directory: Int32, name: [UInt8], following: Bool) throws(SystemError) -> Int32 {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (following ? 0 : O_NOFOLLOW)
        // O_NOATIME leaves the access time alone, and only the owner may ask for it.
        do throws(SystemError) {
            return try open(directory: directory, name: name, flags: flags | csystem_o_noatime())
        } catch {
            guard error.code == EPERM else { throw error }
            return try open(directory: directory, name: name, flags: flags)
        }
    }

    private static func open(directory: Int32, name: [UInt8], flags: Int32) throws(SystemError) -> Int32 {
        for _ in 1..<leaseAttempts {
            do throws(SystemError) {
                return try openOnce(directory: directory, name: name, flags: flags)
            } catch {
                guard error.code == EWOULDBLOCK else { throw error }
                usleep(leasePause)
            }
        }
        return try openOnce(directory: directory, name: name, flags: flags)
    }

    private static func openOnce(directory: Int32, name: [UInt8], flags: Int32) throws(SystemError) -> Int32 {
        try retryingInterrupted("open") {
            RawPath.withCString(name) { csystem_openat(directory, $0, flags) }
        }
    }
}
