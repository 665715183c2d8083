import Files
import SQLite
import ScanModel
import Synchronization
import TestSupport
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// A disk that is full in the middle of a scan.
@Suite(.enabled(if: MountedFileSystem.isAvailable, "needs to mount a small file system")) struct FullDiskTests {
    @Test func theScanFailsAndWhatWasThereStays() throws {
        let disk = try MountedFileSystem(size: "600k")
        let path = disk.directory.file("store.db")
        let record = ScanRecord(host: "test", roots: [], options: [], version: "1")
        func finish(_ writer: ScanWriter) throws {
            _ = try writer.finish(isInterrupted: false, filesSeen: 0, bytesRead: 0, scope: ScanScope { _ in true })
        }
        do {
            let store = try ScanStore(writing: path)
            let writer = try ScanWriter(store: store, scan: record) {}
            writer.write(CheckedImage(RawPath("/pool/first"), .sample()))
            try finish(writer)
            try store.close()
        }
        let failures = Atomic<Int>(0)
        do {
            let store = try ScanStore(writing: path)
            let writer = try ScanWriter(store: store, scan: record) { failures.add(1, ordering: .relaxed) }
            for number in 0..<20000 { writer.write(CheckedImage(RawPath("/pool/\(number)"), .sample())) }
            let error = #expect(throws: StoreError.self) { try finish(writer) }
            #expect(error?.description.contains("is full") == true)
        }
        #expect(failures.load(ordering: .relaxed) == 1)
        let database = try Database(path: path, mode: .readWrite)
        #expect(try database.scalar("PRAGMA integrity_check") == .text("ok"))
        #expect(try database.scalar("SELECT count(*) FROM latest_check WHERE path = '/pool/first' AND present") == 1)
        #expect(try database.scalar("SELECT state FROM scan WHERE id = 2") != .text("completed"))
    }

    @Test func aRepairIsNotWrittenDownAndWhatWasThereStays() throws {
        let disk = try MountedFileSystem(size: "2m")
        let path = disk.directory.file("store.db")
        let image = RawPath("/pool/first")
        let store = try ScanStore(writing: path)
        let record = ScanRecord(host: "test", roots: [], options: [], version: "1")
        let writer = try ScanWriter(store: store, scan: record) {}
        writer.write(CheckedImage(image, .sample()))
        _ = try writer.finish(isInterrupted: false, filesSeen: 0, bytesRead: 0, scope: ScanScope { _ in true })
        let journal = try StoreJournal(store: store, host: "test", version: "1")
        let saved = [UInt8](repeating: 1, count: 300_000)
        let error = try #require(throws: RepairFailure.self) {
            try journal.prepare(.sample(image)) { add throws(RepairFailure) in
                for number in 0..<100 as Range<UInt64> {
                    try add(
                        RepairWrite(.reclaim, .reclaimLeaks, at: number << 20, .release(length: 300_000, saved: saved)))
                }
            }
        }
        #expect(error.description.contains("is full"))
        #expect(!store.database.isInTransaction)
        let counts = "SELECT (SELECT count(*) FROM repair) + (SELECT count(*) FROM repair_write)"
        #expect(try store.database.scalar(counts) == 0)
        #expect(try store.database.scalar("PRAGMA integrity_check") == .text("ok"))
        // With room again the same store takes it.
        let id = try journal.prepare(.sample(image), RepairWrite.samples.filter { $0.length < 1 << 20 })
        #expect(try journal.preparedRepairs() == [id])
    }
}
