import QED
import Testing

@Suite struct GeometryTests {
    private func geometry(imageSize: UInt64 = 4 << 20, fileSize: UInt64 = 12 * 4096) throws -> Geometry {
        var header = Header()
        header.clusterSize = 4096
        header.tableSize = 2
        header.l1TableOffset = ByteOffset(4096)
        header.imageSize = imageSize
        return try Geometry(validating: header, fileSize: fileSize)
    }

    @Test func sizesFollowFromTheHeader() throws {
        let geometry = try geometry()
        #expect(geometry.entriesPerTable == 1024)
        #expect(geometry.tableByteCount == 8192)
        #expect(geometry.imageClusters == 1024)
        #expect(geometry.fileClusters == 12)
        #expect(!geometry.hasPartialCluster)
    }

    @Test func fileIsRoundedDownAndImageUp() throws {
        let geometry = try geometry(imageSize: 4096 + 512, fileSize: 12 * 4096 + 4095)
        #expect(geometry.fileClusters == 12)
        #expect(geometry.wholeClustersEnd == 12 * 4096)
        #expect(geometry.hasPartialCluster)
        #expect(geometry.imageClusters == 2)
    }

    @Test func faultOfAClusterIsTheFirstRuleThatIsBroken() throws {
        let whole = try geometry()
        let partial = try geometry(fileSize: 12 * 4096 + 1)
        #expect(whole.fault(ofClusterAt: ByteOffset(4096)) == nil)
        #expect(whole.fault(ofClusterAt: ByteOffset(11 * 4096)) == nil)
        #expect(whole.fault(ofClusterAt: ByteOffset(12 * 4096)) == .beyondFile)
        #expect(partial.fault(ofClusterAt: ByteOffset(12 * 4096)) == .truncated)
        #expect(partial.fault(ofClusterAt: ByteOffset(13 * 4096)) == .beyondFile)
        #expect(whole.fault(ofClusterAt: ByteOffset(0)) == .inHeader)
        #expect(whole.fault(ofClusterAt: ByteOffset(1)) == .unaligned)
        #expect(whole.fault(ofClusterAt: ByteOffset(.max)) == .unaligned)
    }

    @Test func tableNeedsItsLastClusterToo() throws {
        let whole = try geometry()
        let partial = try geometry(fileSize: 12 * 4096 + 1)
        #expect(whole.fault(ofTableAt: ByteOffset(10 * 4096)) == nil)
        #expect(whole.fault(ofTableAt: ByteOffset(11 * 4096)) == .beyondFile)
        #expect(partial.fault(ofTableAt: ByteOffset(11 * 4096)) == .truncated)
        // The last cluster's offset does not wrap around.
        #expect(whole.fault(ofTableAt: ByteOffset(.max << 12)) == .beyondFile)
    }

    @Test func guestRangeIsCutAtTheImagesEnd() throws {
        let geometry = try geometry(imageSize: 4096 + 512)
        let first = geometry.guestRange(from: TableIndex(l1Index: 0, l2Index: 0), entryCount: 1)
        #expect(first == GuestRange(offset: 0, length: 4096))
        let last = geometry.guestRange(from: TableIndex(l1Index: 0, l2Index: 1), entryCount: 5)
        #expect(last == GuestRange(offset: 4096, length: 512))
        let beyond = geometry.guestRange(from: TableIndex(l1Index: 0, l2Index: 2), entryCount: 1)
        #expect(beyond.length == 0)
        let table = geometry.guestRange(from: TableIndex(l1Index: 0), entryCount: 1)
        #expect(table == GuestRange(offset: 0, length: 4608))
    }

    @Test func guestRangeSaturatesInTheLargestGeometry() throws {
        var header = Header()
        header.clusterSize = 1 << 26
        header.tableSize = 16
        header.l1TableOffset = ByteOffset(1 << 26)
        header.imageSize = UInt64.max & ~511
        let geometry = try Geometry(validating: header, fileSize: 1 << 32)
        let last = TableIndex(l1Index: geometry.entriesPerTable - 1, l2Index: geometry.entriesPerTable - 1)
        #expect(geometry.guestRange(from: last, entryCount: .max).length == 0)
        #expect(geometry.guestRange(from: TableIndex(l1Index: 0), entryCount: .max).length == header.imageSize)
    }

    @Test func headerSizeZeroStillKeepsTheFirstCluster() throws {
        var header = Header()
        header.headerSize = 0
        header.l1TableOffset = ByteOffset(65536)
        let geometry = try Geometry(validating: header, fileSize: 10 << 16)
        #expect(geometry.firstRegularCluster == ClusterIndex(1))
        #expect(geometry.fault(ofClusterAt: ByteOffset(0)) == .inHeader)
    }
}
