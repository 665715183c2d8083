import Files
import Foundation
import Glibc
import SQLite
import ScanModel
import TestSupport
import Testing

@testable import QED
@testable import Store

/// What a long scan writes to the store while it runs.
@Suite(.ownThread, .endsInTime) struct ScanProgressTests {
    private let fixture: StoreFixture
    private let image = RawPath("/pool/a\u{1B}\"b")

    init() throws { fixture = try StoreFixture() }

    private var progress: ScanProgress {
        var record = ScanProgress(processID: 77)
        (record.files, record.images, record.reused, record.problems) = (9, 5, 2, 1)
        record.bytesRead = .max
        record.expectedImages = 8
        record.currentImages = [
            CurrentImage(path: image, since: CheckedImage.time),
            CurrentImage(path: RawPath(bytes: [0x2F, 0xFF]), since: CheckedImage.time),
        ]
        return record
    }

    private func finish(_ writer: ScanWriter) throws {
        _ = try writer.finish(isInterrupted: false, filesSeen: 1, bytesRead: 1, scope: ScanScope { _ in true })
    }

    @Test func oneResultAloneIsCommittedInTime() async throws {
        let store = try ScanStore(writing: fixture.path)
        let writer = try ScanWriter(store: store, scan: StoreFixture.record(), interval: 0.005) {}
        writer.write(CheckedImage(image, .sample()))
        #expect(try await eventually(within: 60) { try fixture.rows("SELECT path FROM latest_check").count == 1 })
        #expect(try fixture.lines("SELECT state FROM scan") == ["running"])
        #expect(try fixture.lines("SELECT * FROM scan_progress").isEmpty, "nobody asked for it")
        try finish(writer)
        try store.close()
    }

    @Test func whatWasCommittedReachesTheDiskInTime() async throws {
        let store = try ScanStore(writing: fixture.path)
        try #require(try store.database.journalMode() == .wal)
        let writer = try ScanWriter(store: store, scan: StoreFixture.record(), interval: 0.005) {}
        writer.write(CheckedImage(image, .sample()))
        // Without the log beside it: what a power cut leaves for certain. Copied by another process, since closing one of
        // the store's files drops SQLite's locks on it.
        let copy = try #require(Tool("cp"))
        var count: SQLiteValue = 0
        let deadline = Date.now.addingTimeInterval(120)
        while count != 1, Date.now < deadline {
            let result = try await copy.run([fixture.path, fixture.directory.file("copy.db")])
            #expect(result.status == 0)
            do {
                let database = try Database(path: fixture.directory.file("copy.db"), mode: .readWrite)
                count = try database.scalar("SELECT count(*) FROM check_result")
            } catch {
                // Copied while it was written.
            }
        }
        #expect(count == 1)
        try finish(writer)
        try store.close()
    }

    @Test func aRunningScanRecordsItsProgress() async throws {
        let store = try ScanStore(writing: fixture.path)
        let record = progress
        let writer = try ScanWriter(
            store: store, scan: StoreFixture.record(), interval: 0.005, progress: { record }, onFailure: {})
        #expect(try await eventually(within: 60) { try fixture.rows("SELECT * FROM scan_progress").count == 1 })
        #expect(
            try fixture.lines(
                """
                SELECT scan_id, process_id, files, images, reused, problems, bytes_read, expected_images, current_images
                FROM scan_progress
                """) == [
                    "1|77|9|5|2|1|\(Int64.max)|8|[{\"path\":\"/pool/a\\u001b\\\"b\",\"since\":\"2026-01-02 03:04:05.678\"},"
                        + "{\"path\":\"/\\\\xff\",\"since\":\"2026-01-02 03:04:05.678\"}]"
                ])
        let first = try fixture.lines("SELECT updated_at FROM scan_progress")
        #expect(try await eventually(within: 60) { try fixture.lines("SELECT updated_at FROM scan_progress") != first })

        let running = try status(holder: "process 77")
        #expect(running == ["running 5 of 8, 77, /pool /with \"quotes\", [\"/pool/a\\u{1B}\\\"b\", \"/\\\\xff\"]"])
        let killed = try status(holder: nil)
        #expect(killed.first?.hasPrefix("killed 5 of 8") == true)
        try finish(writer)
        try store.close()
        #expect(try fixture.lines("SELECT * FROM scan_progress").isEmpty)
        #expect(try status(holder: nil) == ["completed 0 of -1, -1, /pool /with \"quotes\", []"])
    }

    @Test func aShortScanLeavesNoTrace() throws {
        let store = try ScanStore(writing: fixture.path)
        let record = progress
        // The first interval is far off.
        let writer = try ScanWriter(
            store: store, scan: StoreFixture.record(), interval: 1000, progress: { record }, onFailure: {})
        writer.write(CheckedImage(image, .sample()))
        #expect(try fixture.lines("SELECT * FROM scan_progress").isEmpty)
        try finish(writer)
        try store.close()
    }

    @Test func theRowOfADeadScanGoesWithTheNextCommandThatWrites() throws {
        for isScan in [true, false] {
            try fixture.scan { _ in }
            try fixture.execute(
                """
                UPDATE scan SET state = 'running', finished_at = NULL WHERE id = (SELECT max(id) FROM scan);
                INSERT INTO scan_progress VALUES (
                    (SELECT max(id) FROM scan), '2026-01-02 03:04:05.678', 1, 2, 3, 0, 0, 0, NULL, '[]');
                """)
            #expect(try status(holder: nil).first?.hasPrefix("killed 3 of -1") == true)
            if isScan {
                try fixture.scan { _ in }
            } else {
                let store = try ScanStore(writing: fixture.path)
                try store.endDeadScans()
                try store.close()
            }
            #expect(try fixture.lines("SELECT 1 FROM scan_progress").isEmpty)
            #expect(try fixture.lines("SELECT 1 FROM scan WHERE state = 'running'").isEmpty)
        }
    }

    @Test func aScanThatEndsWhileItIsLookedAtWasNotKilled() throws {
        try fixture.scan { _ in }
        try fixture.execute("UPDATE scan SET state = 'running'")
        let store = try ScanStore(reading: fixture.path)
        let status = try PoolStatus(store) { () throws(StoreError) in
            // Between the two questions.
            try StoreError.wrap { () throws(SQLiteError) in
                try Database(path: fixture.path, mode: .readWrite).execute("UPDATE scan SET state = 'completed'")
            }
            return nil
        }
        #expect(status.scans.map(\.state) == [.completed])
    }

    @Test func onlyTheLatestScanCanRun() throws {
        for host in ["a", "b"] { try fixture.scan(host: host) { _ in } }
        try fixture.execute("UPDATE scan SET state = 'running'")
        let store = try ScanStore(reading: fixture.path)
        let status = try PoolStatus(store) { () throws(StoreError) in "process 1" }
        #expect(status.scans.map { "\($0.host) \($0.state)" } == ["a killed", "b running"])
    }

    private func status(holder: String?) throws -> [String] {
        let status = try PoolStatus(ScanStore(reading: fixture.path)) { () throws(StoreError) in holder }
        #expect(status.lockHolder == holder)
        return status.scans.map { scan in
            "\(scan.state) \(scan.images) of \(scan.expectedImages ?? -1), \(scan.processID ?? -1), "
                + "\(scan.rootPaths.joined(separator: " ")), \(scan.currentImages.map(\.path))"
        }
    }
}
