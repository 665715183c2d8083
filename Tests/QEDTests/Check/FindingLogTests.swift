import Testing

@testable import QED

@Suite struct FindingLogTests {
    private let geometry: Geometry

    init() throws {
        var header = Header()
        header.clusterSize = 4096
        header.tableSize = 1
        header.l1TableOffset = ByteOffset(4096)
        header.imageSize = 1 << 24
        geometry = try Geometry(validating: header, fileSize: 1 << 20)
    }

    private func finding(_ kind: FindingKind, _ l1Index: Int, _ l2Index: Int?) -> Finding {
        let place = TableIndex(l1Index: l1Index, l2Index: l2Index)
        return Finding(
            kind: kind, place: place, entryValue: 1, fileOffset: ByteOffset(4096), clusterCount: 1,
            guestRange: geometry.guestRange(from: place, entryCount: 1))
    }

    @Test func neighboursOfOneKindBecomeARun() {
        var log = FindingLog(limit: 10)
        for index in 5..<9 { log.addEntry(finding(.dataOffsetUnaligned, 1, index), geometry: geometry) }
        #expect(log.findings.count == 1)
        #expect(log.findings.first?.clusterCount == 4)
        #expect(log.findings.first?.guestRange == GuestRange(offset: (512 + 5) * 4096, length: 4 * 4096))
        #expect(log.findings.first?.place == TableIndex(l1Index: 1, l2Index: 5))
    }

    @Test func gapsKindsAndTablesPartRuns() {
        var log = FindingLog(limit: 10)
        for (kind, l1Index, l2Index) in [
            (.dataOffsetUnaligned, 0, 1), (.dataOffsetUnaligned, 0, 3), (.dataOffsetBeyondFile, 0, 4),
            (.dataOffsetUnaligned, 1, 4), (.l2OffsetUnaligned, 2, nil), (.l2OffsetUnaligned, 4, nil),
        ] as [(FindingKind, Int, Int?)] {
            log.addEntry(finding(kind, l1Index, l2Index), geometry: geometry)
        }
        #expect(log.findings.map(\.clusterCount) == [1, 1, 1, 1, 1, 1])
    }

    @Test func anotherKindBetweenDoesNotPartARun() {
        var log = FindingLog(limit: 10)
        for index in 0..<3 {
            log.addEntry(finding(.entryBeyondImage, 0, index), geometry: geometry)
            log.addEntry(finding(.dataOffsetUnaligned, 0, index), geometry: geometry)
        }
        #expect(log.findings.map(\.clusterCount) == [3, 3])
    }

    @Test func fullKindCountsWhatItDoesNotList() {
        var log = FindingLog(limit: 2)
        for index in 0..<10 { log.addEntry(finding(.dataOffsetUnaligned, 0, index * 2), geometry: geometry) }
        log.addEntry(finding(.l2OffsetUnaligned, 0, nil), geometry: geometry)
        #expect(log.findings.count == 3)
        #expect(log.findings.map(\.suppressedCount) == [0, 8, 0])
    }

    @Test func runIsNotLengthenedPastWhatWasSuppressed() {
        var log = FindingLog(limit: 1)
        log.addEntry(finding(.dataOffsetUnaligned, 0, 0), geometry: geometry)
        log.addEntry(finding(.dataOffsetUnaligned, 0, 5), geometry: geometry)
        log.addEntry(finding(.dataOffsetUnaligned, 0, 1), geometry: geometry)
        #expect(log.findings.map(\.clusterCount) == [1])
        #expect(log.findings.map(\.suppressedCount) == [2])
    }

    @Test func limitIsAtLeastOne() {
        var log = FindingLog(limit: 0)
        log.add(finding(.clusterLeaked, 0, nil))
        #expect(log.findings.count == 1)
    }
}
