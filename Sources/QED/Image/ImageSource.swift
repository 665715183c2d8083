import Files

/// The bytes of an image: a file, or a substitute for tests.
public protocol ImageSource {
    /// Bytes.
    var size: UInt64 { get }

    /// Bytes of disk that the source occupies, as far as known. It has holes if this is less than `size`.
    var diskSize: UInt64 { get }

    /// Whether several threads may read at the same time.
    var allowsConcurrentReads: Bool { get }

    /// Reads from an offset until the buffer is full or the file ends. Returns the number of bytes read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int

    /// The first range at or after an offset that may have anything but zeros; nil if only a hole is left.
    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>?

    /// Whether a read at an offset would wait for a device. False if not known.
    func mustWait(toReadAt offset: ByteOffset) -> Bool

    /// Makes the device read bytes that will be needed soon, and no others. Does not wait.
    func readAhead(_ range: Range<UInt64>)
}

extension ImageSource {
    public var allowsConcurrentReads: Bool { false }

    /// Whether there are ranges without disk space, as far as known.
    var hasHoles: Bool { diskSize < size }

    public func mustWait(toReadAt offset: ByteOffset) -> Bool { false }

    public func readAhead(_ range: Range<UInt64>) {}

    /// Fills the buffer, or throws `SystemError.unexpectedEndOfFile`.
    package func readAll(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) {
        let count = try read(into: buffer, at: offset)
        guard count == buffer.count else { throw .unexpectedEndOfFile }
    }

    /// Reads a few bytes from an offset. Those past the end of the file are zero.
    package func bytes(at offset: ByteOffset, count: Int) throws(SystemError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        let expected = min(UInt64(count), max(size, offset.rawValue) - offset.rawValue)
        // A file that has shrunk meanwhile must not look like one that was always so short.
        guard try read(into: buffer, at: offset) >= expected else { throw .unexpectedEndOfFile }
        return Array(buffer)
    }
}

extension Header {
    /// Reads the first 64 bytes of an image; bytes past the end of a short file are zero.
    package init(reading source: any ImageSource) throws(SystemError) {
        let bytes = try source.bytes(at: ByteOffset(0), count: Header.byteCount)
        self = bytes.withUnsafeBytes { Header(decoding: $0) }
    }
}
