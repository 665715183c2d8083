import Files
import QED

/// An image in memory, as long as its size says, of which there are only the pages that something was written to. The
/// rest of it is holes.
package struct SparseSource: ImageSource, @unchecked Sendable {
    private static let pageSize: UInt64 = 4096

    /// By their number, counted from the start.
    private var pages: [UInt64: [UInt8]] = [:]
    /// The numbers in order.
    private var order: [UInt64] = []
    /// Bytes.
    package private(set) var size: UInt64
    /// Whether the holes can be asked for. If not, all of it passes for data.
    package let tellsHoles: Bool

    package init(size: UInt64, tellsHoles: Bool = true) {
        self.size = size
        self.tellsHoles = tellsHoles
    }

    /// Less than `size`, but for a file without holes.
    package var diskSize: UInt64 { tellsHoles ? min(UInt64(order.count) * Self.pageSize, max(size, 1) - 1) : size }
    package var allowsConcurrentReads: Bool { true }
    package var pageCount: Int { order.count }

    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset
    ) throws(SystemError) -> Int {
        guard offset.rawValue < size else { return 0 }
        let count = Int(min(UInt64(buffer.count), size - offset.rawValue))
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
        let end = offset.rawValue + UInt64(count)
        var index = firstPage(endingAfter: offset.rawValue)
        while index < order.count, order[index] * Self.pageSize < end {
            let start = order[index] * Self.pageSize
            let part = max(start, offset.rawValue)..<min(start.saturatingAdd(Self.pageSize), end)
            pages[order[index]]?.withUnsafeBytes { page in
                let source = UnsafeRawBufferPointer(
                    rebasing: page[Int(part.lowerBound - start)..<Int(part.upperBound - start)])
                let first = Int(part.lowerBound - offset.rawValue)
                UnsafeMutableRawBufferPointer(rebasing: buffer[first..<first + source.count]).copyMemory(from: source)
            }
            index += 1
        }
        return count
    }

    package func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        guard offset.rawValue < size else { return nil }
        guard tellsHoles else { return offset.rawValue..<size }
        var index = firstPage(endingAfter: offset.rawValue)
        guard index < order.count, order[index] * Self.pageSize < size else { return nil }
        let start = max(order[index] * Self.pageSize, offset.rawValue)
        while index + 1 < order.count, order[index + 1] == order[index] + 1 { index += 1 }
        return start..<min((order[index] * Self.pageSize).saturatingAdd(Self.pageSize), size)
    }

    // MARK: - Changes

    /// Puts bytes into it. Those past its end are left out.
    package mutating func write(_ bytes: [UInt8], at offset: UInt64) {
        var rest = bytes[...]
        var position = offset
        while !rest.isEmpty, position < size {
            let number = position / Self.pageSize
            let first = Int(position % Self.pageSize)
            let part = rest.prefix(min(Int(Self.pageSize) - first, Int(clamping: size - position)))
            if pages[number] == nil { add(number) }
            pages[number]?.replaceSubrange(first..<first + part.count, with: part)
            rest = rest.dropFirst(part.count)
            position = position.saturatingAdd(UInt64(part.count))
        }
    }

    /// Puts words of 8 bytes into it, little-endian, one after the other.
    package mutating func write(words: [UInt64], at offset: UInt64) {
        write(words.map(\.littleEndian).withUnsafeBytes { Array($0) }, at: offset)
    }

    /// Copies what another image has at an offset, holes left out.
    package mutating func copy(from source: UInt64, to target: UInt64, length: UInt64, of other: SparseSource) {
        let end = min(source.saturatingAdd(length), other.size)
        for number in other.order where number * Self.pageSize < end {
            let start = max(number * Self.pageSize, source)
            let stop = min((number * Self.pageSize).saturatingAdd(Self.pageSize), end)
            guard start < stop, let page = other.pages[number] else { continue }
            let first = Int(start % Self.pageSize)
            write(Array(page[first..<first + Int(stop - start)]), at: target.saturatingAdd(start - source))
        }
    }

    /// Makes it longer or shorter.
    package mutating func resize(to newSize: UInt64) {
        if newSize < size {
            let kept = order.filter { $0 * Self.pageSize < newSize }
            pages = pages.filter { $0.key * Self.pageSize < newSize }
            order = kept
            if let last = order.last, newSize - last * Self.pageSize < Self.pageSize {
                let first = Int(newSize - last * Self.pageSize)
                for index in first..<Int(Self.pageSize) { pages[last]?[index] = 0 }
            }
        }
        size = newSize
    }

    /// Makes holes of the pages that lie in a range, as far as the file goes.
    package mutating func punch(_ range: Range<UInt64>) {
        func isWithin(_ number: UInt64) -> Bool {
            let start = number * Self.pageSize
            let end = min(start.saturatingAdd(Self.pageSize), size)
            return start >= range.lowerBound && end <= range.upperBound
        }
        for number in order where isWithin(number) { pages[number] = nil }
        order.removeAll { pages[$0] == nil }
    }

    // MARK: - Non public

    private mutating func add(_ number: UInt64) {
        pages[number] = [UInt8](repeating: 0, count: Int(Self.pageSize))
        order.insert(number, at: firstIndex(atOrAfter: number))
    }

    private func firstPage(endingAfter offset: UInt64) -> Int { firstIndex(atOrAfter: offset / Self.pageSize) }

    private func firstIndex(atOrAfter number: UInt64) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            if order[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
