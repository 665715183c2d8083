import QED

/// Reads one L2 table, for plans.
enum TableReading {
    /// Tables are read and written in pieces of so many bytes.
    static let pieceByteCount = 64 << 10

    /// Reads a table in pieces of whole entries; what is past the end of the file is zero.
    static func forEachPiece(
        of word: EntryWord, _ geometry: Geometry, _ source: any ImageSource,
        _ body: (_ firstIndex: Int, _ entries: [UInt64]) -> Void
    ) throws(RepairFailure) {
        let perPiece = min(pieceByteCount / 8, geometry.entriesPerTable)
        for first in stride(from: 0, to: geometry.entriesPerTable, by: perPiece) {
            let offset = geometry.offset(ofEntry: first, inTableAt: ByteOffset(word.value))
            do throws(SystemError) {
                let bytes = try source.bytes(at: offset, count: perPiece * 8)
                body(first, stride(from: 0, to: bytes.count, by: 8).map { UInt64(bytes: bytes[$0..<$0 + 8]) })
            } catch {
                throw .image(error)
            }
        }
    }
}
