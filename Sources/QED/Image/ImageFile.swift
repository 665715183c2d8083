import CSystem
import Files
import Glibc

/// An image file that is open for reading. It has no way to write.
///
/// Not `Sendable`: one worker opens, checks and closes it. Its reads do not disturb each other (pread(2)).
public final class ImageFile: ImageSource {
    /// A repair holds a lease for some microseconds to find out whether anybody else has the file open. An open without
    /// waiting fails then.
    private static let leaseAttempts = 20
    /// Microseconds.
    private static let leasePause: useconds_t = 2000

    package let descriptor: Int32
    /// The status when the file was opened.
    public let status: FileStatus
    /// When the file was created, in nanoseconds since 1970; nil if the file system does not say.
    package let birthTime: Int64?

    public var size: UInt64 { status.identity.size }
    public var diskSize: UInt64 { status.diskSize }
    public var allowsConcurrentReads: Bool { true }

    /// Opens a name in a directory: a symbolic link is not followed, and a FIFO or device does not block.
    public convenience init(directory: Int32, name: [UInt8]) throws(SystemError) {
        try self.init(opening: name, in: directory, following: false)
    }

    /// Opens a path that a person has given, so symbolic links are followed.
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

    /// Takes over a descriptor, and closes it if it cannot be used.
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
        // O_NOATIME does not change the access time, but only the owner may use it.
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
    /// Opens a path that a scan has found: none of its names may be a symbolic link, and the last one not a device.
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

extension ImageFile {
    /// The length of the shortest file that QEMU takes for a QED image: missing bytes are zero.
    private static let shortestMagic = 3

    /// Whether the file begins with QED's magic number. Its name does not matter.
    public func hasMagic() throws(SystemError) -> Bool {
        guard size >= UInt64(ImageFile.shortestMagic) else { return false }
        let bytes = try bytes(at: ByteOffset(0), count: 4)
        return bytes.withUnsafeBytes { LittleEndianReader($0).uint32(at: 0) } == Header.magic
    }

    /// Opens a name in a directory if it is a regular file that begins with QED's magic number; otherwise returns nil.
    ///
    /// Most files of a pool are not images, so the first bytes are read before everything else. They are not kept:
    /// `status` must be older than everything that the check reads.
    package static func image(directory: Int32, name: UnsafePointer<CChar>) throws(SystemError) -> ImageFile? {
        let descriptor = try open(directory: directory, name: name, following: false)
        var magic: UInt32 = 0
        let count = withUnsafeMutableBytes(of: &magic) { pread(descriptor, $0.baseAddress, $0.count, 0) }
        let isWhole = count == MemoryLayout.size(ofValue: magic)
        if count == 0 || isWhole && UInt32(littleEndian: magic) != Header.magic {
            close(descriptor)
            return nil
        }
        let file = try ImageFile(descriptor: descriptor)
        guard file.status.isRegular else { return nil }
        if isWhole { return file }
        // The file is very short, a signal has interrupted the read, or the read has failed: read again to find out.
        return try file.hasMagic() ? file : nil
    }
}
