import Files
import SQLite
import ScanModel
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// Whether a commit of a repair is on disk.
@Suite struct DurabilityTests {
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        try fixture.scan { $0.write(CheckedImage(RawPath("/pool/a"), .sample())) }
    }

    @Test func aJournalIsInWALModeWithFullSync() throws {
        let store = try ScanStore(writing: fixture.path)
        #expect(try store.database.synchronous() == .normal)
        _ = try StoreJournal(store: store, host: "test", version: "1")
        #expect(try store.database.journalMode() == .wal)
        #expect(try store.database.synchronous() == .full)
    }

    @Test(arguments: [JournalMode.delete, .truncate, .persist, .memory])
    func withoutWALItIsDeleteWithExtraSync(_ mode: JournalMode) throws {
        let store = try ScanStore(writing: fixture.path)
        #expect(try store.database.setJournalMode(mode) == mode)
        try store.database.execute("PRAGMA busy_timeout = 0")
        let reader = try Database(path: fixture.path, mode: .readOnly)
        let statement = try reader.prepare("SELECT * FROM image")
        #expect(try statement.step())
        try store.makeDurable()
        #expect(try store.database.journalMode() == .delete)
        #expect(try store.database.synchronous() == .extra)
        statement.reset()
        try store.makeDurable()
        #expect(try store.database.journalMode() == .wal)
    }

    @Test func unavailableSettingsAreAnError() throws {
        let store = try ScanStore(writing: fixture.path)
        // Neither setting can be changed within a transaction.
        try store.database.execute("BEGIN")
        #expect(throws: StoreError.self) { try store.makeDurable() }
        try store.database.execute("ROLLBACK")
        #expect(try store.database.synchronous() == .normal)
    }

    @Test func onlyTwoPairsOfSettingsAreDurable() {
        let durable = JournalMode.allCases.flatMap { mode in
            Synchronous.allCases.filter { ScanStore.isDurable(mode, $0) }.map { "\(mode) \($0)" }
        }
        #expect(durable == ["delete extra", "wal full", "wal extra"])
    }

    @Test(arguments: [
        (JournalMode.wal, Synchronous.normal), (.wal, .off), (.delete, .full), (.truncate, .extra), (.memory, .extra),
    ])
    func settingsChangedBehindTheJournalAreSeen(_ mode: JournalMode, _ level: Synchronous) throws {
        let store = try ScanStore(writing: fixture.path)
        let journal = try StoreJournal(store: store, host: "test", version: "1")
        let id = try journal.prepare(.sample(RawPath("/pool/a")), [])
        #expect(try store.database.setJournalMode(mode) == mode)
        try store.database.setSynchronous(level)
        let sentence =
            "the store: \(fixture.path) may lose commits in a power failure: journal_mode is \(mode) and synchronous is "
            + "\(level), but a repair needs wal and full, or delete and extra"
        let ending = try #require(throws: RepairFailure.self) { try journal.finish(id, .sample()) }
        #expect(ending.description == sentence)
        #expect(try journal.preparedRepairs() == [id])
        try store.makeDurable()
        try journal.finish(id, .sample())
        #expect(try store.database.setJournalMode(mode) == mode)
        try store.database.setSynchronous(level)
        let beginning = try #require(throws: RepairFailure.self) {
            try journal.prepare(.sample(RawPath("/pool/a")), [])
        }
        #expect(beginning.description == sentence)
    }
}
