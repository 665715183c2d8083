import Files
import Foundation
import QED

/// All bytes of a file that may be sparse and vast: what is zero is not kept.
struct FileContents: Hashable, Sendable {
    private static let blockSize = 4096
    private static let zeros = Data(count: blockSize)

    let size: UInt64
    /// Blocks that are not zero, by their offsets; the last one is filled up with zeros.
    private var blocks: [UInt64: Data] = [:]

    init(path: String) throws {
        let file = try ImageFile(path: RawPath(path))
        size = file.size
        let handle = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { handle.closeFile() }
        var position: UInt64 = 0
        while let data = try file.nextData(from: ByteOffset(position)), data.lowerBound < size {
            position = data.lowerBound & ~UInt64(FileContents.blockSize - 1)
            try handle.seek(toOffset: position)
            while position < data.upperBound {
                var block = try handle.read(upToCount: FileContents.blockSize) ?? Data()
                block.append(Data(count: FileContents.blockSize - block.count))
                if block != FileContents.zeros { blocks[position] = block }
                position += UInt64(FileContents.blockSize)
            }
        }
    }

    /// Makes a file of the same bytes.
    func write(to path: String) throws {
        try Data().write(to: URL(filePath: path))
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        for (offset, block) in blocks {
            try handle.seek(toOffset: offset)
            try handle.write(contentsOf: block)
        }
        try handle.truncate(atOffset: size)
        try handle.close()
    }

    subscript(offset: Int) -> UInt8 {
        get { blocks[FileContents.block(of: offset)]?[offset % FileContents.blockSize] ?? 0 }
        set {
            let block = FileContents.block(of: offset)
            blocks[block, default: FileContents.zeros][offset % FileContents.blockSize] = newValue
            if newValue == 0, blocks[block] == FileContents.zeros { blocks[block] = nil }
        }
    }

    private static func block(of offset: Int) -> UInt64 { UInt64(offset - offset % blockSize) }

    /// How another file differs, nil if it does not.
    func difference(from other: FileContents) -> String? {
        guard self != other else { return nil }
        guard size == other.size else { return "\(size) bytes, and \(other.size)" }
        let offsets = Set(blocks.keys).union(other.blocks.keys).sorted().flatMap { offset in
            let (one, two) = (blocks[offset] ?? FileContents.zeros, other.blocks[offset] ?? FileContents.zeros)
            return one.indices.filter { one[$0] != two[$0] }.map { offset + UInt64($0) }
        }
        return "\(offsets.count) bytes differ, the first at \(offsets.first ?? size)"
    }
}
