import Files
import FuzzDriver

@testable import QED

/// The header: its fields, its rules, and the sizes that follow from it.
///
/// An input is the length of the file, 8 bytes, and then the file's first bytes.
@main
enum HeaderFuzzer: FuzzTarget {
    static func run(_ input: FuzzInput) {
        var input = input
        let size: UInt64 = input.integer()
        let bytes = input.remainder()
        let header = bytes.withUnsafeBytes { Header(decoding: $0) }
        let encoded = header.encoded()
        require(encoded.withUnsafeBytes { Header(decoding: $0) } == header, "a header does not survive its encoding")
        require(encoded.starts(with: bytes.prefix(Header.byteCount)), "an encoding is not what was decoded")

        var source = SparseSource(size: size)
        source.write(bytes, at: 0)
        var log = FindingLog(limit: 100)
        let pass = HeaderPass(source: source, log: &log)
        for finding in log.findings { require(finding.kind.pass == .header, "\(finding) is none of a header") }
        // Of a file that is shorter than these bytes the pass has the header as it is there.
        guard size >= UInt64(bytes.count) else { return }
        require(pass.header == header && pass.errors.count == 0, "another header")
        do throws(HeaderFault) {
            let geometry = try Geometry(validating: header, fileSize: size)
            require(pass.geometry == geometry && pass.fault == nil, "another geometry")
            require((pass.backingFilename != nil) == header.namesBackingFile, "the backing file's name is lost")
            require(pass.backingFilename?.contains(0) != true, "a backing file's name with a NUL")
            test(geometry, header)
        } catch {
            require(pass.fault == error && pass.geometry == nil, "another fault")
            require(log.findings.contains { $0.kind == error.kind }, "a fault that is not among the findings")
            require(!error.description.isEmpty, "a fault without words")
        }
    }

    /// The rules of the specification, in other words.
    private static func test(_ geometry: Geometry, _ header: Header) {
        let size = geometry.clusterSize
        require(size == 1 << geometry.clusterShift && (1 << 12...1 << 26).contains(size), "cluster size")
        require(geometry.tableByteCount == UInt64(geometry.entriesPerTable) * 8, "table size")
        require(geometry.fault(ofTableAt: geometry.l1TableOffset) == nil, "the L1 table's place")
        require(geometry.wholeClustersEnd <= geometry.fileSize, "whole clusters")
        require(geometry.fileSize - geometry.wholeClustersEnd < size, "the partial cluster")
        let reach = UInt64(geometry.entriesPerTable).multipliedFullWidth(by: UInt64(geometry.entriesPerTable))
        require(reach.high == 0 && geometry.imageClusters <= reach.low, "more clusters than entries")
        let (middle, last) = (geometry.entriesPerTable / 2, geometry.entriesPerTable - 1)
        for (l1Index, l2Index) in [(0, 0), (0, last), (middle, 1), (last, last)] {
            for place in [TableIndex(l1Index: l1Index), TableIndex(l1Index: l1Index, l2Index: l2Index)] {
                let range = geometry.guestRange(from: place, entryCount: 1)
                require(range.length <= (place.l2Index == nil ? .max : size), "an entry maps more than a cluster")
                require(
                    range.length == 0 || range.offset.saturatingAdd(range.length) <= geometry.imageSize,
                    "a range past the image")
            }
            let inImage = geometry.entriesInImage(of: l1Index, from: l2Index, count: last + 1 - l2Index)
            require((0...last + 1 - l2Index).contains(inImage), "more entries than there are")
        }
        let first = geometry.firstRegularCluster.rawValue.saturatingMultiply(size)
        for offset in [
            0, 1, size - 1, first &- size, first, first.saturatingAdd(1), geometry.wholeClustersEnd &- size,
            geometry.wholeClustersEnd, geometry.fileSize, UInt64.max & ~(size - 1), .max, header.imageSize,
        ] {
            let isValid = offset % size == 0 && offset >= first && offset < geometry.wholeClustersEnd
            require((geometry.fault(ofClusterAt: ByteOffset(offset)) == nil) == isValid, "the cluster at \(offset)")
            let tableEnd = offset.addingReportingOverflow(geometry.tableByteCount)
            let isTable = isValid && !tableEnd.overflow && tableEnd.partialValue <= geometry.wholeClustersEnd
            require((geometry.fault(ofTableAt: ByteOffset(offset)) == nil) == isTable, "the table at \(offset)")
        }
    }
}
