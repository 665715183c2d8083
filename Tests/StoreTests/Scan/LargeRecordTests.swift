import Dispatch
import Files
import ScanModel
import Testing

@testable import QED
@testable import Store

/// Records that take many units of the writer's backlog each.
@Suite(.timeLimit(.minutes(10))) struct LargeRecordTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test(arguments: [
        // Each a part of the backlog; together far more than it.
        (records: 40, findings: 3000),
        // Each more than all of it.
        (records: 2, findings: 66_000),
    ])
    func recordsOfThousandsOfFindingsFromManyThreadsAreAllWritten(records: Int, findings: Int) throws {
        let all = (0..<records).map { CheckedImage(RawPath("/pool/\($0)"), LargeRecordTests.report(findings)) }
        let totals = try fixture.scan { writer in
            DispatchQueue.concurrentPerform(iterations: 8) { part in
                for index in stride(from: part, to: records, by: 8) { writer.write(all[index]) }
            }
        }
        #expect(totals.images == records)
        let sql = "SELECT count(DISTINCT check_result_id), count(*), min(number), max(number) FROM finding"
        #expect(
            try fixture.rows(sql) == [
                [.integer(Int64(records)), .integer(Int64(records * findings)), 1, .integer(Int64(findings))]
            ])
        #expect(try fixture.lines("SELECT state FROM scan") == ["completed"])
    }

    private static func report(_ findings: Int) -> CheckResult {
        CheckResult.sample { _ in
        } _: { report in
            report.leaks = UInt64(findings)
            report.findings = (1...findings).map {
                Finding(kind: .clusterLeaked, fileOffset: ByteOffset(UInt64($0) << 16), clusterCount: 1)
            }
        }
    }
}
