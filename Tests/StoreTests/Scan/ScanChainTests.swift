import Files
import ScanModel
import Testing

@testable import QED
@testable import Store

/// Scans that resume one another.
@Suite struct ScanChainTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func chain(host: String = StoreFixture.host, include: String = "a\"b", jobs: Int64 = 4) throws -> [Int64] {
        let store = try ScanStore(reading: fixture.path)
        return try store.chain(before: StoreFixture.record(host: host, include: include, jobs: jobs))?.scanIDs ?? []
    }

    private func known(chain isOfChain: Bool = true) throws -> [String] {
        let store = try ScanStore(reading: fixture.path)
        let chain = isOfChain ? try store.chain(before: StoreFixture.record()) : nil
        return try store.knownImages(host: StoreFixture.host, oldest: nil, chain: chain, isOfChainOnly: true)
            .map { "\(try fixture.path(of: $0).text) \($0.outcome.rawValue)" }.sorted()
    }

    private func changes(_ scan: Int) throws -> [String] {
        try fixture.lines(
            """
            SELECT previous_scan_id, path, change, old_path, outcome_before, outcome_after FROM scan_change
            WHERE scan_id = \(scan) ORDER BY path
            """)
    }

    @Test func onlyAnInterruptedScanOfTheSameKindIsResumed() throws {
        try fixture.scan { _ in }
        #expect(try chain().isEmpty, "it came to its end")
        try fixture.scan(isInterrupted: true) { _ in }
        #expect(try chain() == [2])
        #expect(try chain(jobs: 99) == [2], "how many workers there are does not matter")
        #expect(try chain(host: "other").isEmpty)
        #expect(try chain(include: "*.qed").isEmpty)
        try fixture.scan(include: "*.qed") { _ in }
        #expect(try chain() == [2], "one of another kind is none of these")
        try fixture.scan(isInterrupted: true, continues: true) { _ in }
        #expect(try chain() == [4, 2])
        try fixture.execute("UPDATE scan SET state = 'running', finished_at = NULL WHERE id = 4")
        #expect(try chain() == [4, 2], "it was killed")
        try fixture.scan(continues: true) { _ in }
        #expect(try fixture.lines("SELECT continues_scan_id FROM scan ORDER BY id") == ["-", "-", "-", "2", "4"])
        #expect(try chain().isEmpty)
        #expect(try fixture.lines("SELECT DISTINCT state FROM scan WHERE id IN (2, 4)") == ["interrupted"])
    }

    @Test func aRestartedScanEndsTheChain() throws {
        try fixture.scan(isInterrupted: true) { _ in }
        try fixture.scan(isInterrupted: true) { _ in }
        #expect(try chain() == [2])
    }

    @Test(arguments: Outcome.allCases) func whatAChainHasCheckedIsKnownWhateverTheOutcome(_ outcome: Outcome) throws {
        let (path, now) = (RawPath("/pool/a"), Clock.wall.now + 1_000_000_000)
        try fixture.scan(isInterrupted: true) {
            $0.write(CheckedImage(path, .sample(), outcome: outcome, checkedAt: now))
        }
        let isWorthAnotherTry = [.inUse, .changing].contains(outcome)
        #expect(try known() == (isWorthAnotherTry ? [] : ["/pool/a \(outcome.rawValue)"]))
        #expect(try known(chain: false).isEmpty)
    }

    @Test func resultsThatOnlyRepeatedAnEarlierOneAreKnownToo() throws {
        let record = CheckedImage(RawPath("/pool/a"), .sample { $0.clusterSize = 7 })
        let other = CheckedImage(RawPath("/pool/b"), .sample { $0.clusterSize = 7 })
        try fixture.scan { writer in for record in [record, other] { writer.write(record) } }
        try fixture.scan(isInterrupted: true) { $0.write(record) }
        #expect(try fixture.rows("SELECT count(*) FROM check_result") == [[2]])
        #expect(try known() == ["/pool/a invalid"], "the other was checked before the chain began")
    }

    @Test func youngFilesAreCheckedAgain() throws {
        let now = Clock.wall.now
        try fixture.scan(isInterrupted: true) {
            $0.write(CheckedImage(RawPath("/pool/a"), .sample(), changeTime: now, checkedAt: now))
        }
        #expect(try known().isEmpty)
    }

    @Test func errorsOfAnImageThatIsNotCheckedAgainAreOfEveryScanOfTheChain() throws {
        let report = CheckResult.sample { _ in
        } _: { report in
            report.checkErrors = 2
            report.errors = [1, 2].map {
                CheckError(l1Index: $0, offset: ByteOffset(4096), error: SystemError("pread", code: 5))
            }
        }
        try fixture.scan(isInterrupted: true) { $0.write(CheckedImage(RawPath("/pool/a"), report)) }
        for _ in 0..<2 {
            let totals = try fixture.scan(isInterrupted: true, continues: true) {
                $0.writeReused(imageID: 1, outcome: .incomplete, isDirty: false)
            }
            #expect(totals.pathErrors == 2)
        }
        let totals = try fixture.scan { $0.writeReused(imageID: 1, outcome: .incomplete, isDirty: false) }
        #expect(totals.pathErrors == 0, "of no chain")
        #expect(
            try fixture.lines("SELECT scan_id, count(*), count(DISTINCT message) FROM path_error GROUP BY 1")
                == ["1|2|2", "2|2|2", "3|2|2"])
    }

    // MARK: - What has changed

    @Test func theLastOfAChainStandsForAllOfIt() throws {
        try fixture.scan { writer in
            writer.write("/a", inode: 1)
            writer.write("/b", inode: 2, report: .corrupt(1))
            writer.write("/c", inode: 3)
            writer.write("/d", inode: 4, born: 40)
            writer.write("/e", inode: 5)
        }
        try fixture.scan(isInterrupted: true) { writer in
            writer.write("/a", inode: 1, report: .corrupt(1))
            writer.write("/new", inode: 6, report: .corrupt(2))
        }
        try fixture.scan(isInterrupted: true, continues: true) { writer in
            writer.write("/b", inode: 2)
            writer.write("/d-moved", inode: 4, born: 40)
        }
        try fixture.scan(continues: true) { writer in
            for image in [1, 6, 2, 7] as [Int64] { writer.writeReused(imageID: image, outcome: .clean, isDirty: false) }
            writer.write("/c", inode: 3)
        }
        let inFirst = ["1|/a|newly-damaged|-|clean|corrupt", "1|/new|new|-|-|corrupt"]
        #expect(try changes(2) == inFirst)
        let healed = "1|/b|healed|-|corrupt|clean"
        #expect(try changes(3) == [inFirst[0], healed, "1|/d-moved|new|-|-|clean", inFirst[1]])
        #expect(
            try changes(4) == [
                inFirst[0], healed, "1|/d-moved|moved|/d|clean|clean", "1|/e|vanished|-|clean|-", inFirst[1],
            ])
        try fixture.scan { writer in
            for image in [1, 2, 3, 6, 7] as [Int64] {
                writer.writeReused(imageID: image, outcome: .clean, isDirty: false)
            }
        }
        #expect(try changes(5).isEmpty, "the next one is compared with the chain's end")
    }

    @Test func whatCameAndWentWithinAChainIsNoChange() throws {
        try fixture.scan { writer in
            writer.write("/stays", inode: 1)
            writer.write("/comes-back", inode: 2)
        }
        try fixture.scan { $0.writeReused(imageID: 1, outcome: .clean, isDirty: false) }
        try fixture.scan(isInterrupted: true) { writer in
            writer.write("/short", inode: 3)
            writer.writeReused(imageID: 2, outcome: .clean, isDirty: false)
        }
        try fixture.scan(continues: true) { $0.writeReused(imageID: 1, outcome: .clean, isDirty: false) }
        #expect(try changes(3) == ["2|/comes-back|returned|-|clean|clean", "2|/short|new|-|-|clean"])
        #expect(try changes(4) == ["2|/comes-back|vanished|-|clean|-"], "the last that became of it")
    }
}
