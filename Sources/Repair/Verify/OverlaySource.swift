import Files
import QED

/// An image as it would be after the writes of a repair, forward or backward. Nothing is written.
struct OverlaySource: ImageSource {
    private let base: any ImageSource
    let size: UInt64
    private let words: [Extent]
    private let tail: [Extent]
    let diskSize: UInt64

    /// Bytes that replace those of the image.
    private struct Extent {
        enum Content {
            case bytes([UInt8])
            /// The bytes of the image at an offset.
            case copy(of: UInt64)
        }

        let offset: UInt64
        let length: UInt64
        let content: Content

        var end: UInt64 { offset + length }
    }

    /// - Parameters:
    ///   - writes: those of one repair. Bytes that are given back do not matter here.
    ///   - size: bytes of the image after the writes.
    init(_ base: any ImageSource, writes: [RepairWrite], direction: RepairDirection, size: UInt64) {
        self.base = base
        self.size = size
        words = OverlaySource.words(of: writes, direction).sorted { $0.offset < $1.offset }
        tail = direction == .forward ? OverlaySource.tail(of: writes).sorted { $0.offset < $1.offset } : []
        // Stays less than `size` if there may be holes.
        diskSize = base.diskSize.saturatingAdd(size > base.size ? size - base.size : 0)
    }

    /// The image with a complete last cluster: the missing bytes read as zeros.
    init(completing base: any ImageSource, header: Header) {
        let mask = Header.clusterSizes.contains(header.clusterSize) ? UInt64(header.clusterSize) - 1 : 0
        self.init(base, writes: [], direction: .forward, size: base.size.saturatingAdd(mask) & ~mask)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        guard offset.rawValue < size else { return 0 }
        let count = Int(min(UInt64(buffer.count), size - offset.rawValue))
        let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        let range = offset.rawValue..<offset.rawValue + UInt64(count)
        try readBase(into: wanted, at: offset)
        for extents in [tail, words] {
            for extent in extents[OverlaySource.first(in: extents, endingAfter: range.lowerBound)...] {
                guard extent.offset < range.upperBound else { break }
                try lay(extent, over: wanted, at: range)
            }
        }
        return count
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        let data = try nextDataOfBase(from: offset)
        // The file system may have made a hole where a word was cleared. In the overlay the word is data.
        let index = OverlaySource.first(in: words, endingAfter: offset.rawValue)
        guard index < words.count, words[index].offset < min(data?.lowerBound ?? size, size) else { return data }
        return max(words[index].offset, offset.rawValue)..<words[index].end
    }

    private func nextDataOfBase(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        if offset.rawValue < base.size, let data = try base.nextData(from: offset), data.lowerBound < size {
            return data.lowerBound..<max(min(data.upperBound, size), data.lowerBound + 1)
        }
        let start = max(offset.rawValue, base.size)
        return start < size ? start..<size : nil
    }

    /// Reads bytes of the image; those past its end are zero.
    private func readBase(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) {
        let expected = Int(min(UInt64(buffer.count), max(base.size, offset.rawValue) - offset.rawValue))
        let count =
            expected == 0
            ? 0
            : try base.read(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<expected]), at: offset)
        guard count == expected else { throw .unexpectedEndOfFile }
        UnsafeMutableRawBufferPointer(rebasing: buffer[expected...]).initializeMemory(as: UInt8.self, repeating: 0)
    }

    private func lay(
        _ extent: Extent, over buffer: UnsafeMutableRawBufferPointer, at range: Range<UInt64>
    ) throws(SystemError) {
        let part = max(extent.offset, range.lowerBound)..<min(extent.end, range.upperBound)
        let target = UnsafeMutableRawBufferPointer(
            rebasing: buffer[Int(part.lowerBound - range.lowerBound)..<Int(part.upperBound - range.lowerBound)])
        let skipped = part.lowerBound - extent.offset
        switch extent.content {
        case .bytes(let bytes): target.copyBytes(from: bytes[Int(skipped)..<Int(skipped) + target.count])
        case .copy(let source): try readBase(into: target, at: ByteOffset(source + skipped))
        }
    }

    private static func words(of writes: [RepairWrite], _ direction: RepairDirection) -> [Extent] {
        writes.compactMap { write in
            guard case .words(let before, let after) = write.content else { return nil }
            let bytes = direction == .forward ? after : before
            return Extent(offset: write.offset, length: write.length, content: .bytes(bytes))
        }
    }

    private static func tail(of writes: [RepairWrite]) -> [Extent] {
        writes.compactMap { write in
            switch write.content {
            case .append(let bytes): Extent(offset: write.offset, length: write.length, content: .bytes(bytes))
            case .copy(let source, let length):
                Extent(offset: write.offset, length: length, content: .copy(of: source))
            case .words, .release: nil
            }
        }
    }

    /// The index of the first of disjoint extents in order that ends after an offset.
    private static func first(in extents: [Extent], endingAfter offset: UInt64) -> Int {
        var low = 0
        var high = extents.count
        while low < high {
            let middle = (low + high) / 2
            if extents[middle].end <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
