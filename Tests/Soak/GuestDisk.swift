import Foundation
import Lab

/// What a guest must find on its disk: a byte that fills each block, as far as that is known.
struct GuestDisk: Hashable, Sendable {
    /// Bytes. Less than the clusters of most images, so that writes go into parts of them.
    static let blockSize = 16384

    /// nil: a write was under way when its guest was killed.
    private(set) var blocks: [UInt8?]

    init(blockCount: Int) { blocks = Array(repeating: 0, count: blockCount) }

    /// Bytes.
    var size: Int { blocks.count * GuestDisk.blockSize }

    mutating func write(_ value: UInt8?, to range: Range<Int>) {
        for index in range { blocks[index] = value }
    }

    /// A larger disk, the new part of it zero.
    mutating func grow(by count: Int) { blocks += Array(repeating: 0, count: count) }

    /// A random run of blocks.
    func range(upTo count: Int, using random: inout SeededRandom) -> Range<Int> {
        let start = Int.random(in: 0..<blocks.count, using: &random)
        return start..<min(start + Int.random(in: 1...count, using: &random), blocks.count)
    }

    /// The first runs of blocks that are not as they must be, as text; nil if all are.
    func difference(from contents: Data) -> String? {
        guard contents.count == size else { return "\(contents.count) bytes instead of \(size)" }
        var wrong: [String] = []
        contents.withUnsafeBytes { bytes in
            for (index, expected) in blocks.enumerated() {
                guard let expected else { continue }
                let start = index * GuestDisk.blockSize
                let block = UnsafeRawBufferPointer(rebasing: bytes[start..<start + GuestDisk.blockSize])
                guard !GuestDisk.isFilled(block, with: expected) else { continue }
                let bad = block.firstIndex { $0 != expected } ?? 0
                wrong.append("\(start + bad): \(block[bad]) instead of \(expected)")
            }
        }
        guard !wrong.isEmpty else { return nil }
        return "\(wrong.count) blocks differ: " + wrong.prefix(5).joined(separator: ", ")
    }

    private static func isFilled(_ block: UnsafeRawBufferPointer, with byte: UInt8) -> Bool {
        guard let start = block.baseAddress else { return true }
        return block[0] == byte && memcmp(start, start + 1, block.count - 1) == 0
    }
}
