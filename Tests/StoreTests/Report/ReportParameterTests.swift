import Files
import SQLite
import ScanModel
import Testing

@testable import QED
@testable import Store

/// The parameters of reports: how they are declared, and what they do.
@Suite struct ReportParameterTests {
    private func report(_ name: String) throws -> Report { try #require(Report.named(name)) }

    @Test func aDeclarationIsTakenApart() throws {
        let number = try #require(ReportParameter(declaration: ":days (default 30): how long: in days"))
        #expect(number.name == "days")
        #expect(number.defaultText == "30")
        #expect(number.defaultValue == .integer(30))
        #expect(number.meaning == "how long: in days")
        let word = try #require(ReportParameter(declaration: ":scan (default latest): which"))
        #expect(word.defaultText == "latest")
        #expect(word.defaultValue == .null)
    }

    @Test(arguments: [
        "", ":", "days (default 30): x", ":days", ":days (default 30)", ":days (default 30: x", ":days: x",
        ":days (30): x", "path: the image",
    ]) func otherLinesDeclareNothing(_ line: String) {
        #expect(ReportParameter(declaration: line) == nil)
    }

    @Test func theLimitIsThatOfTheLargest() throws {
        let fixture = try StoreFixture()
        try fixture.scan { writer in
            for number in 0..<25 { writer.write(CheckedImage(RawPath("/pool/\(number)"), .sample())) }
        }
        try fixture.execute("UPDATE check_result SET disk_size = 4096 * image_id")
        #expect(try fixture.lines(report("largest")).count == 20)
        #expect(try fixture.lines(report("largest"), ["limit": 0]) == [])
        let largest = try fixture.lines(report("largest"), ["limit": 2])
        #expect(
            largest == ["/pool/24|clean|102400|1310720|67108864|test", "/pool/23|clean|98304|1310720|67108864|test"])
    }

    @Test func staleImagesAreThoseNotCheckedForDays() throws {
        let fixture = try StoreFixture()
        try fixture.scan { writer in
            for name in ["old", "young", "used", "gone", "never"] {
                writer.write(CheckedImage(RawPath("/pool/\(name)"), name == "never" ? nil : .sample()))
            }
        }
        try fixture.scan(covers: { _ in false }, { $0.write(CheckedImage(RawPath("/pool/used"), nil)) })
        try fixture.execute(
            """
            UPDATE scan SET started_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-40 days') WHERE id = 1;
            UPDATE check_result SET checked_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-40 days') WHERE scan_id = 1;
            UPDATE check_result SET checked_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '-10 days')
            WHERE scan_id = 2 OR image_id IN (SELECT id FROM image WHERE path = '/pool/young');
            UPDATE image SET missing_since_scan_id = 2 WHERE path = '/pool/gone';
            """)
        func paths(_ days: Int64?) throws -> [String] {
            try fixture.lines(report("stale"), days.map { ["days": $0] } ?? [:]).map { line in
                String(line.prefix { $0 != "|" })
            }
        }
        #expect(try paths(nil) == ["/pool/never", "/pool/old", "/pool/used"])
        #expect(try paths(41) == [])
        #expect(try paths(9) == ["/pool/never", "/pool/old", "/pool/used", "/pool/young"])
        #expect(try paths(.max) == [])
    }

    @Test func theChangesAreThoseOfTheScanAskedFor() throws {
        let fixture = try StoreFixture()
        try fixture.scan { _ in }
        try fixture.scan { $0.write(CheckedImage(RawPath("/pool/first"), .sample())) }
        try fixture.scan { $0.write(CheckedImage(RawPath("/pool/second"), .sample(), inode: 11)) }
        func paths(_ scan: Int64?) throws -> [String] {
            try fixture.lines(report("changes"), scan.map { ["scan": $0] } ?? [:]).map { line in
                line.split(separator: "|").prefix(2).joined(separator: " ")
            }
        }
        #expect(try paths(2) == ["/pool/first new"])
        #expect(try paths(nil) == paths(3))
        #expect(try paths(3).contains("/pool/second new"))
        #expect(try paths(9) == [])
    }

    @Test func directoriesAreWhatStandsBeforeTheLastSlash() throws {
        let fixture = try StoreFixture()
        let names = ["/a", "/pool/x y/b", "/pool/x y/c.qed", "/pool/été/d", "/pool/dd/d.d", "//e"]
        try fixture.scan { writer in
            for (number, name) in names.enumerated() {
                writer.write(CheckedImage(RawPath(name), .sample(), inode: UInt64(number)))
            }
        }
        let rows = try fixture.rows(try report("capacity").sql).map { "\($0[0].plain)=\($0[1].plain)" }
        #expect(Set(rows) == ["/=2", "/pool/x y=2", "/pool/été=1", "/pool/dd=1", "(all)=6"])
        #expect(rows.last == "(all)=6")
    }
}

extension SQLiteValue {
    fileprivate var plain: String {
        switch self {
        case .integer(let number): String(number)
        case .text(let text): text
        default: "-"
        }
    }
}
