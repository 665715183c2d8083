import Files
import ScanModel
import Testing

@testable import QED
@testable import Store

/// The view `assessment`: how bad each damage is, and what it says of it.
@Suite struct AssessmentTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    /// Writes a report of an image of clusters of 64 KiB with 4 of them per table, and returns its row.
    private func assess(
        _ columns: String = "assessment, evidence", clusters: UInt64 = 20, backingFile: [UInt8] = [],
        _ change: (inout Header) -> Void = { _ in }, _ results: (inout CheckResult) -> Void
    ) throws -> String? {
        try fixture.scan {
            let report = CheckResult.sample(
                fileSize: clusters << 16, backingFile: backingFile, change, results)
            $0.write(CheckedImage(RawPath("/pool/image"), report, fileSize: clusters << 16))
        }
        return try fixture.lines("SELECT \(columns) FROM assessment").first
    }

    private static func leak(_ cluster: UInt64, _ count: UInt64) -> Finding {
        Finding(kind: .clusterLeaked, fileOffset: ByteOffset(cluster << 16), clusterCount: count)
    }

    private static func orphan(_ cluster: UInt64, suppressed: UInt64 = 0) -> Finding {
        var finding = Finding(
            kind: .tableOrphaned, entryValue: 7, fileOffset: ByteOffset(cluster << 16), clusterCount: 0)
        finding.suppressedCount = suppressed
        return finding
    }

    private static func entry(
        _ kind: FindingKind, count: UInt64 = 1, guestBytes: UInt64, suppressed: UInt64 = 0
    ) -> Finding {
        var finding = Finding(
            kind: kind, place: TableIndex(l1Index: 0, l2Index: 0), entryValue: 3, fileOffset: ByteOffset(5 << 16),
            clusterCount: count, guestRange: GuestRange(offset: 0, length: guestBytes))
        finding.suppressedCount = suppressed
        return finding
    }

    /// What a write leaves that was cut short, and what only looks a little like it.
    @Test(
        arguments: [
            (leak(19, 1), nil, false, "harmless"), (leak(15, 5), nil, false, "harmless"),
            (leak(14, 5), nil, false, "space"),
            // The table is the last thing, and the image was not closed.
            (leak(15, 5), orphan(16), true, "harmless"), (leak(15, 5), orphan(16), false, "tree-lost"),
            (leak(15, 5), orphan(15), true, "tree-lost"), (leak(14, 5), orphan(15), true, "tree-lost"),
            (leak(15, 5), orphan(16, suppressed: 1), true, "tree-lost"),
        ] as [(Finding, Finding?, Bool, String)])
    func leaksAtTheEndAreAssessed(_ leak: Finding, _ table: Finding?, isDirty: Bool, assessment: String) throws {
        let row = try assess("assessment") {
            if isDirty { $0.features = .needCheck }
        } _: {
            ($0.leaks, $0.counts.allocated) = (leak.clusterCount, 3)
            $0.findings = [leak] + (table.map { [$0] } ?? [])
        }
        #expect(row == assessment)
    }

    @Test func overlayIsNeverMarkedSoItsTableMayBeHarmless() throws {
        let row = try assess(backingFile: Array("base".utf8)) {
            $0.leaks = 5
            $0.findings = [Self.leak(15, 5), Self.orphan(16)]
        }
        #expect(
            row == "harmless|A write that did not end left 5 leaked clusters (327680 bytes) at the end of the file.")
    }

    @Test func leaksInTwoRunsAreSpace() throws {
        let row = try assess {
            ($0.leaks, $0.counts.allocated) = (2, 3)
            $0.findings = [Self.leak(10, 1), Self.leak(19, 1)]
        }
        #expect(row == "space|No table is known to be among 2 leaked clusters (131072 bytes).")
    }

    /// 2 MiB are 32 clusters, and 4 more are a table.
    @Test(
        arguments: [
            (32, nil, "harmless"), (33, nil, "space"), (36, orphan(96), "harmless"), (37, orphan(96), "tree-lost"),
        ] as [(UInt64, Finding?, String)])
    func oneInterruptedWriteLeaksALimitedSpace(_ count: UInt64, _ table: Finding?, assessment: String) throws {
        let row = try assess("assessment", clusters: 100) {
            $0.features = .needCheck
        } _: {
            ($0.leaks, $0.counts.allocated) = (count, 3)
            $0.findings = [Self.leak(100 - count, count)] + (table.map { [$0] } ?? [])
        }
        #expect(row == assessment)
    }

    @Test func orphanedTablesAreALostTree() throws {
        #expect(
            try assess("assessment, evidence, orphaned_tables, leaks") {
                $0.leaks = 6
                $0.findings = [Self.leak(5, 6), Self.orphan(5)]
            } == "tree-lost|No L1 entry refers to 1 L2 table among 6 leaked clusters (393216 bytes).|1|6")
        // With corruptions too, and with more tables than are listed.
        #expect(
            try assess("assessment, evidence, orphaned_tables, corruptions") {
                ($0.leaks, $0.corruptions) = (6, 1)
                $0.findings = [
                    Self.entry(.l2OffsetUnaligned, guestBytes: 2), Self.leak(5, 6), Self.orphan(5, suppressed: 11),
                ]
            } == "tree-lost|No L1 entry refers to 12 L2 tables among 6 leaked clusters (393216 bytes).|12|1")
    }

    /// No table could be recognised, but the leaked clusters are no hole.
    @Test func fileFullOfLeaksWithoutAnyEntryIsALostTree() throws {
        func row(_ diskSize: Int) throws -> String? {
            try assess {
                $0.leaks = 15
                $0.findings = [Self.leak(5, 14), Self.leak(19, 1)]
            } == nil
                ? nil
                : {
                    try fixture.execute("UPDATE check_result SET disk_size = \(diskSize)")
                    return try fixture.lines("SELECT assessment, evidence FROM assessment").first
                }()
        }
        let lost = "tree-lost|The tables have no entry at all, and there are 15 leaked clusters (983040 bytes)."
        #expect(try row(40 << 16) == lost)
        #expect(try row(10 << 16)?.hasPrefix("space|") == true)
    }

    @Test func invalidEntriesAreLostDataAndWorseThanSharedOnes() throws {
        let row = try assess("assessment, evidence, lost_bytes, at_risk_bytes") {
            $0.corruptions = 4
            $0.findings = [
                Self.entry(.dataOffsetUnaligned, count: 2, guestBytes: 131072),
                Self.entry(.l2OffsetBeyondFile, guestBytes: 1 << 20),
                Self.entry(.dataClusterInMetadata, guestBytes: 65536),
            ]
        }
        #expect(row == "data-lost|3 entries are invalid: 1179648 guest bytes cannot be read.|1179648|65536")
    }

    @Test func cappedFindingsGiveLowerBounds() throws {
        let lost = try assess {
            $0.corruptions = 11
            $0.findings = [Self.entry(.dataOffsetBeyondFile, guestBytes: 65536, suppressed: 10)]
        }
        #expect(lost == "data-lost|11 entries are invalid: at least 65536 guest bytes cannot be read.")
        let shared = try assess {
            $0.corruptions = 11
            $0.findings = [Self.entry(.l2TableShared, count: 4, guestBytes: 65536, suppressed: 7)]
        }
        #expect(
            shared
                == "data-at-risk|11 clusters are in use more than once: at least 65536 guest bytes can be overwritten.")
    }

    @Test func incompleteCheckGivesLowerBounds() throws {
        let row = try assess {
            ($0.corruptions, $0.checkErrors) = (1, 1)
            $0.findings = [Self.entry(.dataOffsetBeyondFile, guestBytes: 65536)]
        }
        #expect(row == "data-lost|At least 1 entry is invalid: at least 65536 guest bytes cannot be read.")
    }

    /// Sums of sizes that a hostile image makes up are no error, which would take the rows of all others with it.
    @Test func hugeRangesOverflowNothing() throws {
        let row = try assess("assessment, lost_bytes") {
            $0.corruptions = 2
            $0.findings = (0..<2).map { _ in Self.entry(.dataOffsetBeyondFile, guestBytes: .max) }
        }
        #expect(row == "data-lost|\(Int64.max)")
    }

    @Test func soundAndMissingImagesHaveNoRow() throws {
        #expect(try assess { _ in } == nil)
        _ = try assess { $0.leaks = 1 }
        try fixture.execute("UPDATE image SET missing_since_scan_id = 1")
        #expect(try fixture.lines("SELECT * FROM assessment").isEmpty)
    }
}
