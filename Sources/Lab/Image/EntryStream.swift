/// Writes the entries of one table in order, in pieces, and leaves out pieces of zeros: they stay holes.
struct EntryStream {
    private static let capacity = 32768

    private let file: LabFile
    private let start: UInt64
    private let buffer: UnsafeMutableBufferPointer<UInt64>
    /// The first entry in the buffer.
    private var first: UInt64 = 0
    /// Entries in the buffer from its start to the last one that is not zero.
    private var count = 0

    /// Calls a function with a stream for the table at an offset, then writes what is left in it.
    static func write(
        to file: LabFile, at offset: UInt64, _ body: (inout EntryStream) throws(LabError) -> Void
    ) throws(LabError) {
        let buffer = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: capacity)
        buffer.initialize(repeating: 0)
        defer { buffer.deallocate() }
        var stream = EntryStream(file: file, start: offset, buffer: buffer)
        try body(&stream)
        try stream.flush()
    }

    private init(file: LabFile, start: UInt64, buffer: UnsafeMutableBufferPointer<UInt64>) {
        self.file = file
        self.start = start
        self.buffer = buffer
    }

    /// Puts a value at an index, which must be larger than the one before.
    @inline(__always)
    mutating func put(_ value: UInt64, at index: UInt64) throws(LabError) {
        if index - first >= UInt64(EntryStream.capacity) {
            try flush()
            first = index & ~UInt64(EntryStream.capacity - 1)
        }
        let position = Int(index - first)
        buffer[position] = value.littleEndian
        count = position + 1
    }

    private mutating func flush() throws(LabError) {
        guard count > 0 else { return }
        try file.write(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[..<count])), at: start + first * 8)
        buffer[..<count].update(repeating: 0)
        count = 0
    }
}
