import Files
import Foundation
import Glibc
import SQLite
import ScanModel
import Synchronization
import TestSupport
import Testing

@testable import QED
@testable import Store

/// Copies of a store.
@Suite struct StoreBackupTests {
    private let fixture: StoreFixture
    private var target: String { fixture.directory.file("copy.db") }

    init() throws {
        fixture = try StoreFixture()
        try fixture.scan { writer in
            for number in 0..<500 { writer.write(CheckedImage(RawPath("/pool/\(number)"), .sample())) }
        }
    }

    @discardableResult
    private func backup(replaces: Bool = false) throws -> Int64 {
        try StoreBackup(of: fixture.path, to: target, replaces: replaces).run()
    }

    private func lines(_ sql: String) throws -> [String] {
        let database = try Database(path: target, mode: .readOnly)
        let statement = try database.prepare(sql)
        var lines: [String] = []
        while try statement.step() { lines.append("\(try statement.row())") }
        return lines
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path).sorted()
    }

    @Test func aBackupIsTheStoreInOneFile() throws {
        let size = try backup()
        #expect(try Data(contentsOf: URL(filePath: target)).count == Int(size))
        #expect(try mode(of: target) == 0o600)
        #expect(StoreCheck(ofStoreAt: target).faults.isEmpty)
        #expect(try lines("PRAGMA journal_mode") == ["[SQLite.SQLiteValue.text(\"delete\")]"])
        #expect(try names() == ["copy.db", "store.db"])
    }

    @Test func nothingIsReplacedUnlessForced() throws {
        try Data("mine".utf8).write(to: URL(filePath: target))
        let error = try #require(throws: StoreError.self) { try backup() }
        #expect(error.description.contains("it already exists"))
        #expect(try Data(contentsOf: URL(filePath: target)) == Data("mine".utf8))
        try backup(replaces: true)
        #expect(StoreCheck(ofStoreAt: target).faults.isEmpty)
    }

    @Test(arguments: ["-journal", "-wal", "-shm"]) func aDatabaseInUseIsNotReplaced(suffix: String) throws {
        try Data("old".utf8).write(to: URL(filePath: target))
        try Data().write(to: URL(filePath: target + suffix))
        let error = try #require(throws: StoreError.self) { try backup(replaces: true) }
        #expect(error.description.contains("is in use"))
        #expect(try Data(contentsOf: URL(filePath: target)) == Data("old".utf8))
    }

    @Test func theStoreItselfAndDirectoriesAreRefused() throws {
        let before = try Data(contentsOf: URL(filePath: fixture.path))
        for path in [fixture.path, fixture.directory.path, fixture.directory.file("none/copy.db")] {
            #expect(throws: StoreError.self) { try StoreBackup(of: fixture.path, to: path, replaces: true).run() }
        }
        #expect(link(fixture.path, target) == 0)
        let error = try #require(throws: StoreError.self) { try backup(replaces: true) }
        #expect(error.description.contains("it is the store itself"))
        #expect(try Data(contentsOf: URL(filePath: fixture.path)) == before)
    }

    @Test func aBackupIsOfOneMomentWhileAScanWrites() throws {
        let isDone = Atomic<Bool>(false)
        let path = fixture.path
        let writer = InBackground {
            let store = try ScanStore(writing: path)
            let record = ScanRecord(host: "test", roots: [], options: [], version: "1")
            let scan = try ScanWriter(store: store, scan: record) {}
            var number = 0
            while !isDone.load(ordering: .relaxed) {
                scan.write(CheckedImage(RawPath("/pool/new\(number)"), .sample()))
                number += 1
            }
            _ = try scan.finish(
                isInterrupted: false, filesSeen: 0, bytesRead: 0, scope: ScanScope { _ in false })
            try store.close()
        }
        defer { isDone.store(true, ordering: .relaxed) }
        for _ in 0..<5 {
            try backup(replaces: true)
            #expect(StoreCheck(ofStoreAt: target).faults.isEmpty)
        }
        isDone.store(true, ordering: .relaxed)
        try writer.wait()
        #expect(StoreCheck(ofStoreAt: fixture.path).faults.isEmpty)
    }

    @Test func aDamagedStoreGivesNoCopy() throws {
        var bytes = try Data(contentsOf: URL(filePath: fixture.path))
        bytes.replaceSubrange(20480..<24576, with: Data(repeating: 0xA5, count: 4096))
        try bytes.write(to: URL(filePath: fixture.path))
        #expect(throws: StoreError.self) { try backup() }
        #expect(try names() == ["store.db"])
    }

    @Test(.enabled(if: MountedFileSystem.isAvailable, "needs to mount a small file system"))
    func aFullDiskLeavesNothing() throws {
        let disk = try MountedFileSystem(size: "64k")
        let target = disk.directory.file("copy.db")
        let error = try #require(throws: StoreError.self) {
            try StoreBackup(of: fixture.path, to: target, replaces: false).run()
        }
        #expect(error.description.contains("is full"), "\(error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.directory.path).isEmpty)
    }

    @Test(.enabled(if: MountedFileSystem.isAvailable, "needs to mount a small file system"))
    func aFullDiskLeavesAPrunedStoreWhole() throws {
        let disk = try MountedFileSystem(size: "4m")
        let path = disk.directory.file("store.db")
        for _ in 0..<3 {
            try fixture.scan { writer in
                for number in 0..<500 { writer.write(CheckedImage(RawPath("/pool/\(number)"), .corrupt(1))) }
            }
        }
        try FileManager.default.copyItem(atPath: fixture.path, toPath: path)
        let store = try ScanStore(writing: path)
        let pruning = try Pruning(PruneRule(keepScans: 1, keepSince: nil), in: store)
        // No room is left for a log.
        let filler = open(disk.directory.file("filler"), O_WRONLY | O_CREAT, 0o600)
        #expect(filler >= 0)
        defer { close(filler) }
        let bytes = [UInt8](repeating: 1, count: 4096)
        while write(filler, bytes, bytes.count) == bytes.count {}
        let error = try #require(throws: StoreError.self) { try pruning.run() }
        #expect(error.description.contains("is full"), "\(error)")
        #expect(!store.database.isInTransaction)
        #expect(try store.database.scalar("PRAGMA integrity_check") == .text("ok"))
        #expect(try store.database.scalar("SELECT count(*) FROM pragma_foreign_key_check") == 0)
        #expect(try store.database.scalar("SELECT count(*) FROM latest_check") == 500)
    }
}
