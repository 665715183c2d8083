import Files
import QED

/// Reads one L2 table, for plans.
enum TableReading {
    /// Tables are read and written in pieces of so many bytes.
    static let pieceByteCount = 64 << 10

    /// Reads a table in pieces of whole entries; what is past the end of the file is zero. Pieces that lie in a hole are
    /// left out: a small file may have many tables of 1 GiB.
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

    /// The first entry of the first piece, from one on, that may be other than zeros; nil if none is left.
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
