import Files
import QED

/// A file as QEMU sees it: rounded up to 512 bytes, and zeros where there is nothing.
struct RoundedSource: ImageSource {
    private let file: ImageFile

    init(_ file: ImageFile) { self.file = file }

    var size: UInt64 { (file.size + 511) & ~511 }

    var diskSize: UInt64 { file.diskSize }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        let count = try file.read(into: buffer, at: offset)
        let left = size > offset.rawValue ? Int(clamping: size - offset.rawValue) : 0
        let end = max(count, min(buffer.count, left))
        UnsafeMutableRawBufferPointer(rebasing: buffer[count..<end]).initializeMemory(as: UInt8.self, repeating: 0)
        return end
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? { try file.nextData(from: offset) }
}

/// The places at which QEMU's cluster numbers skip one: every (cluster size - 1) clusters.
struct FalseBoundary {
    private let geometry: Geometry

    init(_ geometry: Geometry) { self.geometry = geometry }

    /// Whether a table begins before such a place and ends after it.
    func isWithinTable(of file: ImageFile) throws -> Bool {
        guard geometry.fileClusters >= geometry.clusterSize - 1 else { return false }
        var tables = try entries(ofTableAt: geometry.l1TableOffset, in: file)
        tables.append(geometry.l1TableOffset.rawValue)
        return tables.contains { offset in
            guard offset != 0, geometry.fault(ofTableAt: ByteOffset(offset)) == nil else { return false }
            let first = geometry.cluster(at: ByteOffset(offset)).rawValue
            let last = first + geometry.tableClusters - 1
            return first / (geometry.clusterSize - 1) != last / (geometry.clusterSize - 1)
        }
    }

    private func entries(ofTableAt offset: ByteOffset, in file: ImageFile) throws -> [UInt64] {
        var bytes = [UInt8](repeating: 0, count: Int(geometry.tableByteCount))
        _ = try bytes.withUnsafeMutableBytes { buffer in try file.read(into: buffer, at: offset) }
        return bytes.withUnsafeBytes { buffer in
            buffer.bindMemory(to: UInt64.self).map { UInt64(littleEndian: $0) }.filter { $0 != 0 }
        }
    }
}
