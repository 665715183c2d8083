import Files
import ScanModel
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// The report `trend`: damage as it was known after each scan.
@Suite struct TrendTests {
    private let fixture: StoreFixture
    private let path = RawPath("/pool/disk")

    init() throws { fixture = try StoreFixture() }

    private func leaking(_ leaks: UInt64) -> CheckedImage {
        CheckedImage(
            path,
            .sample { _ in
            } _: {
                $0.leaks = leaks
            })
    }

    private func corrupt(_ corruptions: UInt64) -> CheckedImage {
        CheckedImage(
            path,
            .sample { _ in
            } _: {
                $0.corruptions = corruptions
            })
    }

    /// Corruptions and leaked clusters after each scan.
    private func damage() throws -> [[Int64]] {
        let report = try #require(Report.named("trend"))
        return try fixture.rows(report.sql).map { row in
            row.suffix(2).map { if case .integer(let number) = $0 { number } else { -1 } }
        }.map { [$0[0], $0[1] / 65536] }
    }

    @Test func damageCountsUntilTheNextCheckFindsOther() throws {
        for record in [leaking(5), corrupt(3), CheckedImage(path, .sample())] {
            try fixture.scan { $0.write(record) }
        }
        #expect(try damage() == [[0, 5], [3, 0], [0, 0]])
    }

    @Test func anImageInUseIsWhatItWasBefore() throws {
        try fixture.scan { $0.write(leaking(5)) }
        try fixture.scan { $0.write(CheckedImage(path, nil)) }
        try fixture.scan {
            $0.write(
                CheckedImage(
                    path,
                    .sample { _ in
                    } _: {
                        $0.leaks = 90
                    }, outcome: .changing))
        }
        try fixture.scan { $0.write(leaking(6)) }
        #expect(try damage() == [[0, 5], [0, 5], [0, 5], [0, 6]])
    }

    @Test func aVanishedImageCountsNoMoreUntilItReturns() throws {
        try fixture.scan { $0.write(corrupt(2)) }
        try fixture.scan { _ in }
        try fixture.scan { _ in }
        try fixture.execute("UPDATE image SET missing_since_scan_id = NULL, last_scan_id = 3")
        try fixture.scan { $0.write(corrupt(7)) }
        #expect(try damage() == [[2, 0], [0, 0], [2, 0], [7, 0]])
    }

    @Test func aReturnWithAnotherResultCountsOnce() throws {
        try fixture.scan { $0.write(corrupt(2)) }
        try fixture.scan { _ in }
        try fixture.scan { $0.write(corrupt(7)) }
        #expect(try damage() == [[2, 0], [0, 0], [7, 0]])
    }

    @Test func aRepairShowsInTheNextScan() throws {
        try fixture.scan { $0.write(corrupt(4)) }
        let path = path
        try fixture.repair { journal throws in
            let id = try journal.prepare(.sample(path, actions: [.clearInvalid]), [])
            try journal.finish(id, .sample(after: .sample(2), report: .sample()))
        }
        #expect(try damage() == [[4, 0]])
        try fixture.scan(host: "other") { _ in }
        #expect(try damage() == [[4, 0], [0, 0]])
        try fixture.scan(covers: { _ in false }, { _ in })
        #expect(try damage() == [[4, 0], [0, 0], [0, 0]])
    }

    @Test func hostsAreCountedApart() throws {
        try fixture.scan { $0.write(corrupt(4)) }
        try fixture.scan(host: "other") { $0.write(leaking(9)) }
        try fixture.scan(covers: { _ in false }, { _ in })
        try fixture.scan(host: "other", covers: { _ in false }, { _ in })
        #expect(try damage() == [[4, 0], [0, 9], [4, 0], [0, 9]])
    }
}
