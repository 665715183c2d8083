import Foundation
import Glibc
import SQLite
import Store
import TestSupport
import Testing

/// A journal forged by somebody who may write the store: only images are written to, and nothing traps.
@Suite(.endsInTime) struct ForgedJournalTests {
    private let fixture: ScanFixture
    private let image: String

    /// An image that is repaired, and whose repair the store then takes for one that was interrupted.
    init() async throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged()
        #expect(try await fixture.scan().status == 4)
        #expect(try await fixture.repair().status & 1 == 1)
    }

    private static let reopen = """
        UPDATE repair SET state = 'prepared', finished_at = NULL, device_after = NULL, inode_after = NULL,
            mtime_ns_after = NULL, ctime_ns_after = NULL, header_after = NULL, metadata_sha256_after = NULL
        """

    private func forge(_ statements: String...) throws {
        let database = try Database(path: fixture.store, mode: .readWrite)
        try database.setChecksConstraints(false)
        for statement in statements { try database.execute(statement) }
        try database.close()
    }

    @Test(arguments: ["victim", "/dev/null", "/proc/self/mem", "relative", "", "/"])
    func aPathThatIsNoImagesIsNotWrittenTo(_ path: String) async throws {
        let victim = try fixture.directory.write(Array(repeating: UInt8(ascii: "v"), count: 4096), to: "victim")
        try forge(ForgedJournalTests.reopen, "UPDATE image SET path = '\(path == "victim" ? victim : path)'")
        let before = try FileState(victim)
        let result = try await fixture.repair()
        #expect(result.status >= 0 && result.status & 8 == 8, "\(result.errors)")
        #expect(try FileState(victim) == before)
        #expect(!FileManager.default.fileExists(atPath: fixture.directory.file(".qedscan-lease")))
        #expect(!FileManager.default.fileExists(atPath: "/dev/.qedscan-lease"))
    }

    /// Even with the right inode: its contents are no image.
    @Test func aFileThatIsNoImageIsNotWrittenTo() async throws {
        let victim = try fixture.directory.write(Array(repeating: UInt8(ascii: "v"), count: 12 * 4096), to: "victim")
        var status = stat()
        try #require(stat(victim, &status) == 0)
        try forge(
            ForgedJournalTests.reopen,
            "UPDATE image SET path = '\(victim)', device = \(status.st_dev), inode = \(status.st_ino)",
            "UPDATE repair SET device = \(status.st_dev), inode = \(status.st_ino)")
        let before = try FileState(victim)
        let result = try await fixture.repair()
        #expect(result.status >= 0 && result.status & 8 == 8, "\(result.errors)")
        #expect(result.output.contains("conflict") && result.output.contains("not a QED image"), "\(result.output)")
        #expect(try FileState(victim) == before)
    }

    @Test(arguments: [
        "repair_write SET file_offset", "repair_write SET length", "repair_write SET source_offset",
        "repair SET size_before", "repair SET size_after", "repair SET inode", "repair SET mtime_ns_before",
    ])
    func anExtremeNumberNeverHarmsTheImage(_ column: String) async throws {
        let before = try Data(contentsOf: URL(filePath: image))
        let store = try Data(contentsOf: URL(filePath: fixture.store))
        for value in ["-1", "\(Int64.max)", "\(Int64.min)", "\(Int64.max - 7)", "8", "4611686018427387904"] {
            try store.write(to: URL(filePath: fixture.store))
            try forge(ForgedJournalTests.reopen, "UPDATE \(column) = \(value)")
            let result = try await fixture.repair()
            // Refused; or rolled back, where the number does not matter for that, and then repaired again.
            #expect(result.status >= 0, "\(value): \(result.status) \(result.errors)")
            #expect(try Data(contentsOf: URL(filePath: image)) == before, "\(value)")
        }
    }

    @Test(arguments: [
        "before = zeroblob(3)", "after = zeroblob(0)", "before = zeroblob(4096), length = 4096", "phase = 'header'",
        "kind = 'release', after = NULL", "kind = 'append', before = NULL", "after = NULL",
    ])
    func oddBytesEndInARefusal(_ change: String) async throws {
        let before = try Data(contentsOf: URL(filePath: image))
        try forge(ForgedJournalTests.reopen, "UPDATE repair_write SET \(change) WHERE kind = 'words'")
        let result = try await fixture.repair()
        #expect(result.status >= 0 && result.status & 8 == 8, "\(result.status) \(result.errors)")
        #expect(try Data(contentsOf: URL(filePath: image)) == before)
    }
}
