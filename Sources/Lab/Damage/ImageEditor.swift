import Files
import QED

/// Changes single fields and entries of an image. It checks nothing, since its purpose is to make bad images.
package final class ImageEditor {
    /// Bytes are written in pieces of this size.
    private static let pieceSize = 1 << 20

    let file: LabFile

    package var path: String { file.path.text }

    package convenience init(path: String) throws(LabError) {
        try self.init(path: RawPath(path))
    }

    package init(path: RawPath) throws(LabError) {
        file = try LabFile(opening: path)
    }

    /// Bytes.
    package func size() throws(LabError) -> UInt64 { try file.size() }

    /// Sets the length of the file in bytes. A new part is a hole.
    package func truncate(to length: UInt64) throws(LabError) { try file.truncate(to: length) }

    /// Reads bytes from an offset; fewer at the end of the file.
    package func read(at offset: UInt64, count: Int) throws(LabError) -> [UInt8] {
        try file.read(at: offset, count: count)
    }

    package func write(_ bytes: [UInt8], at offset: UInt64) throws(LabError) { try file.write(bytes, at: offset) }

    // MARK: - Header

    /// The header. Bytes past the end of the file are zero.
    package func header() throws(LabError) -> Header {
        try file.read(at: 0, count: Header.byteCount).withUnsafeBytes { Header(decoding: $0) }
    }

    /// Replaces the 64 bytes of the header's fields.
    package func write(_ header: Header) throws(LabError) { try file.write(header.encoded(), at: 0) }

    package func read(_ field: HeaderField) throws(LabError) -> UInt64 {
        try integer(at: UInt64(field.offset), byteCount: field.size)
    }

    /// Writes as many low bytes of the value as the field has.
    package func write(_ value: UInt64, to field: HeaderField) throws(LabError) {
        try write(value, at: UInt64(field.offset), byteCount: field.size)
    }

    /// The sizes of the image; an error if the header is not valid.
    package func geometry() throws(LabError) -> Geometry {
        let header = try header()
        let size = try size()
        do throws(HeaderFault) {
            return try Geometry(validating: header, fileSize: size)
        } catch {
            throw file.failure("the header is not valid: \(error)")
        }
    }

    // MARK: - Tables

    package func readL1(_ index: Int) throws(LabError) -> UInt64 {
        try integer(at: offset(ofL1: index), byteCount: 8)
    }

    package func writeL1(_ value: UInt64, at index: Int) throws(LabError) {
        try write(value, at: offset(ofL1: index), byteCount: 8)
    }

    package func readL2(_ l2Index: Int, of l1Index: Int) throws(LabError) -> UInt64 {
        try integer(at: offset(ofL2: l2Index, of: l1Index), byteCount: 8)
    }

    package func writeL2(_ value: UInt64, at l2Index: Int, of l1Index: Int) throws(LabError) {
        try write(value, at: offset(ofL2: l2Index, of: l1Index), byteCount: 8)
    }

    /// The offset of an L1 entry in bytes.
    package func offset(ofL1 index: Int) throws(LabError) -> UInt64 {
        let geometry = try geometry()
        guard (0..<geometry.entriesPerTable).contains(index) else {
            throw file.failure("it has no L1 entry \(index)")
        }
        return geometry.offset(ofEntry: index, inTableAt: geometry.l1TableOffset).rawValue
    }

    /// The offset of an L2 entry in bytes. The offset of its table must be valid.
    package func offset(ofL2 l2Index: Int, of l1Index: Int) throws(LabError) -> UInt64 {
        let geometry = try geometry()
        let table = try ByteOffset(readL1(l1Index))
        guard (0..<geometry.entriesPerTable).contains(l2Index), geometry.fault(ofTableAt: table) == nil else {
            throw file.failure("L1 entry \(l1Index) has no L2 entry \(l2Index)")
        }
        return geometry.offset(ofEntry: l2Index, inTableAt: table).rawValue
    }

    // MARK: - Clusters

    /// Extends the file to the end of a cluster, and then by clusters of zeros. Returns the offset of the first one.
    package func appendClusters(_ count: UInt64) throws(LabError) -> UInt64 {
        let clusterSize = try geometry().clusterSize
        let start = try (size() + clusterSize - 1) & ~(clusterSize - 1)
        try truncate(to: start + count * clusterSize)
        return start
    }

    /// Writes zeros over a range.
    package func wipe(from offset: UInt64, count: UInt64) throws(LabError) {
        try writePieces(from: offset, count: count) { [UInt8](repeating: 0, count: $0) }
    }

    /// Writes random bytes over a range.
    package func writeGarbage(
        from offset: UInt64, count: UInt64, using random: inout SeededRandom
    ) throws(LabError) {
        var generator = random
        try writePieces(from: offset, count: count) { generator.bytes($0) }
        random = generator
    }

    /// Writes an integer, least significant byte first.
    func write(_ value: UInt64, at offset: UInt64, byteCount: Int) throws(LabError) {
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        try file.write(bytes, at: offset)
    }

    /// An integer, least significant byte first; bytes past the end of the file are zero.
    func integer(at offset: UInt64, byteCount: Int) throws(LabError) -> UInt64 {
        try file.read(at: offset, count: byteCount).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func writePieces(
        from offset: UInt64, count: UInt64, _ piece: (Int) -> [UInt8]
    ) throws(LabError) {
        var done: UInt64 = 0
        while done < count {
            let length = min(UInt64(ImageEditor.pieceSize), count - done)
            try file.write(piece(Int(length)), at: offset + done)
            done += length
        }
    }
}
