import Files
import SQLite
import ScanModel
import TestSupport
import Testing

@testable import QED
@testable import Store

/// The rows that a writer makes without asking SQLite twice.
@Suite struct WriterRowTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    @Test func everyWordAndNumberOfAScanIsOneThatItsTableTakes() throws {
        let report = CheckResult.sample { header in
            header.features.insert(.needCheck)
        } _: { report in
            (report.leaks, report.corruptions, report.counts.allocated) = (.max, .max, .max)
        }
        try fixture.scan { writer in
            for (number, outcome) in Outcome.allCases.enumerated() {
                writer.write("/pool/\(outcome)", inode: UInt64(number), report: report, outcome: outcome)
            }
            for (number, state) in BackingTarget.State.allCases.enumerated() {
                let base = BackingTarget.sample("/pool/base", state, size: .max)
                writer.write("/pool/on-\(state)", inode: 100 + UInt64(number), on: .sample(base))
            }
            for (number, type) in FileType.allCases.enumerated() {
                var base = BackingTarget(path: RawPath("/pool/base"), state: .notRegular)
                base.fileType = type
                writer.write("/pool/on-\(type)", inode: 200 + UInt64(number), on: .sample(base))
            }
            for (number, kind) in BackingName.Kind.allCases.enumerated() where kind != .file {
                let reference = BackingReference(
                    name: BackingName(bytes: Array("x:".utf8)), isRaw: true, imageSize: .max, inode: .max,
                    birthTime: .min)
                let link = BackingLink(reference: reference, kind: kind, base: nil)
                writer.write("/pool/of-\(kind)", inode: 300 + UInt64(number), on: .link(link))
            }
        }
        #expect(try fixture.lines("SELECT count(DISTINCT outcome) FROM check_result") == ["\(Outcome.allCases.count)"])
        #expect(try fixture.lines("PRAGMA integrity_check") == ["ok"])
        #expect(try fixture.rows("PRAGMA foreign_key_check").isEmpty)
    }

    @Test func integrityCheckFindsAWordThatAWriterMustNotWrite() throws {
        try fixture.scan { $0.write("/pool/a", inode: 1) }
        try fixture.execute("PRAGMA ignore_check_constraints = ON; UPDATE check_result SET outcome = 'fine'")
        #expect(try fixture.lines("PRAGMA integrity_check") == ["CHECK constraint failed in check_result"])
    }

    @Test func checksAreInForceAgainAfterAScan() throws {
        let store = try ScanStore(writing: fixture.path)
        let writer = try ScanWriter(store: store, scan: StoreFixture.record()) {}
        writer.write("/pool/a", inode: 1)
        _ = try writer.finish(
            isInterrupted: false, filesSeen: 1, bytesRead: 0, scope: ScanScope(covers: { _ in true }))
        #expect(throws: SQLiteError.self) { try store.database.execute("UPDATE check_result SET outcome = 'fine'") }
        try store.close()
    }

    @Test(arguments: [false, true]) func anImageThatAScanMeetsTwiceHasOneRow(isKnown: Bool) throws {
        if isKnown { try fixture.scan { $0.write("/pool/other", inode: 5) } }
        try fixture.scan { writer in
            writer.write("/pool/a", inode: 1, on: .sample(.sample("/pool/base")))
            writer.write("/pool/a", inode: 2)
        }
        #expect(try fixture.lines("SELECT inode, birth_ns FROM image WHERE path = '/pool/a'") == ["2|-"])
        #expect(try fixture.lines("SELECT count(*) FROM backing") == ["0"])
        #expect(
            try fixture.lines(
                "SELECT inode FROM latest_check JOIN check_result ON id = check_result_id "
                    + "WHERE path = '/pool/a'") == ["2"])
    }

    @Test func aPathOfOtherBytesWithTheSameTextIsAnotherImage() throws {
        let paths = [RawPath("/pool/\\xff"), RawPath(bytes: Array("/pool/".utf8) + [0xff])]
        for _ in 0..<2 {
            try fixture.scan { writer in
                for path in paths { writer.write(CheckedImage(path, .sample())) }
            }
        }
        #expect(
            try fixture.lines("SELECT path, path_bytes IS NULL, first_scan_id, last_scan_id FROM image ORDER BY id")
                == ["/pool/\\xff|1|1|2", "/pool/\\xff|0|1|2"])
    }

    @Test func anIncompleteBatchIsCommittedInTime() async throws {
        let store = try ScanStore(writing: fixture.path)
        let writer = try ScanWriter(store: store, scan: StoreFixture.record(), interval: 0.005) {}
        writer.write("/pool/a", inode: 1)
        writer.write(PathError(path: RawPath("/pool/b"), operation: "open", code: 13, message: "no"))
        let isCommitted = try await eventually {
            try fixture.lines("SELECT (SELECT count(*) FROM check_result), (SELECT count(*) FROM path_error)")
                == ["1|1"]
        }
        #expect(isCommitted)
        _ = try writer.finish(
            isInterrupted: false, filesSeen: 1, bytesRead: 0, scope: ScanScope(covers: { _ in true }))
        try store.close()
    }

    @Test func manyRecordsKeepTheirOrderWithTheErrorsBetweenThem() throws {
        try fixture.scan { writer in
            for number in 0..<500 {
                writer.write("/pool/\(number)", inode: UInt64(number))
                let path = RawPath("/error/\(number)")
                writer.write(PathError(path: path, operation: "open", code: 13, message: "no"))
            }
        }
        let numbers = (0..<500).map(String.init)
        #expect(try fixture.lines("SELECT substr(path, 7) FROM image ORDER BY id") == numbers)
        #expect(try fixture.lines("SELECT substr(path, 8) FROM path_error ORDER BY id") == numbers)
    }

    @Test func timesAreThoseOfSQLite() throws {
        let times: [Int64] = [
            0, 1, -1, 999_999_999, -1_000_000_000, 951_782_400_000_000_000, 1_767_323_045_678_999_999, .max, .min,
        ]
        let database = try Database(inMemory: ())
        for time in times {
            let seconds = time >= 0 ? time / 1_000_000_000 : (time + 1) / 1_000_000_000 - 1
            let milliseconds = (time &- seconds &* 1_000_000_000) / 1_000_000
            let date = try database.scalar("SELECT datetime(?, 'unixepoch')", seconds)
            let fraction = String(String(milliseconds + 1000).dropFirst())
            #expect(date == .text(String(Timestamp.text(nanoseconds: time).dropLast(4))), "of \(time)")
            #expect(Timestamp.text(nanoseconds: time).hasSuffix("." + fraction), "of \(time)")
        }
    }
}
