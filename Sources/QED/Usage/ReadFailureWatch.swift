import Files

/// A source that remembers which reads of it failed, so that what they would have told can be named.
final class ReadFailureWatch: ImageSource {
    private let source: any ImageSource
    private var failures: [Range<UInt64>] = []

    init(_ source: any ImageSource) { self.source = source }

    var size: UInt64 { source.size }
    var diskSize: UInt64 { source.diskSize }

    /// The bytes that could not be read since the last call, in the order of the reads.
    func takeFailures() -> [Range<UInt64>] {
        guard !failures.isEmpty else { return [] }
        defer { failures.removeAll() }
        return failures
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        do throws(SystemError) {
            let count = try source.read(into: buffer, at: offset)
            if count < buffer.count { note(offset, buffer.count) }
            return count
        } catch {
            note(offset, buffer.count)
            throw error
        }
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        do throws(SystemError) {
            return try source.nextData(from: offset)
        } catch {
            note(offset, CheckWorkspace.pieceByteCount)
            throw error
        }
    }

    private func note(_ offset: ByteOffset, _ byteCount: Int) {
        failures.append(offset.rawValue..<offset.rawValue.saturatingAdd(UInt64(byteCount)))
    }
}
