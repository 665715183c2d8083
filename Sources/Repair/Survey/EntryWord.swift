import Files
import QED

/// An entry and its 8 bytes in the file.
struct EntryWord: Hashable, Sendable {
    /// An image with more wrong entries than this is not repaired: that bounds memory and the journal.
    static let limit = 1_000_000

    let place: TableIndex
    /// Bytes from the start of the file.
    let offset: UInt64
    let value: UInt64
}

/// An entry whose offset cannot be used.
struct EntryFault: Hashable, Sendable {
    let word: EntryWord
    let fault: OffsetFault
}

/// An L1 entry whose L2 table another one refers to, too.
struct SharedTable: Hashable, Sendable {
    let word: EntryWord
    /// The first L1 entry with the same table.
    let owner: Int
}

/// Reads L2 tables for plans.
enum TableReading {
    /// The bytes of one piece.
    static let pieceByteCount = 64 << 10

    /// Reads a table in pieces. Bytes past the end of the file are zero. Pieces in a hole are left out: a small file
    /// may have many tables of 1 GiB.
    static func forEachPiece(
        of word: EntryWord, _ geometry: Geometry, _ source: any ImageSource,
        _ body: (_ firstIndex: Int, _ entries: [UInt64]) -> Void
    ) throws(RepairFailure) {
        let perPiece = min(pieceByteCount / 8, geometry.entriesPerTable)
        var first = 0
        do throws(SystemError) {
            while let next = try nextPiece(from: first, perPiece, of: word, geometry, source) {
                let offset = geometry.offset(ofEntry: next, inTableAt: ByteOffset(word.value))
                let bytes = try source.bytes(at: offset, count: perPiece * 8)
                body(next, stride(from: 0, to: bytes.count, by: 8).map { UInt64(bytes: bytes[$0..<$0 + 8]) })
                first = next + perPiece
            }
        } catch {
            throw .image(error)
        }
    }

    /// The first entry of the next piece that may have anything but zeros; nil if none is left.
    private static func nextPiece(
        from first: Int, _ perPiece: Int, of word: EntryWord, _ geometry: Geometry, _ source: any ImageSource
    ) throws(SystemError) -> Int? {
        guard first < geometry.entriesPerTable else { return nil }
        guard source.diskSize < source.size else { return first }
        let offset = geometry.offset(ofEntry: first, inTableAt: ByteOffset(word.value))
        guard let data = try source.nextData(from: offset) else { return nil }
        let pieces = (max(data.lowerBound, offset.rawValue) - offset.rawValue) / UInt64(perPiece * 8)
        let next = UInt64(first).saturatingAdd(pieces.saturatingMultiply(UInt64(perPiece)))
        return next < UInt64(geometry.entriesPerTable) ? Int(next) : nil
    }
}
