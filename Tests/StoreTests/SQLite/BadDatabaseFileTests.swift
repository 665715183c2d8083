import Foundation
import SQLite
import TestSupport
import Testing

@testable import Store

/// Files and directories that are not what they should be: each gives a code and a sentence, none a crash.
struct BadDatabaseFileTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func read(_ name: String) throws {
        let database = try directory.open(name, .readOnly)
        _ = try database.scalar("SELECT count(*) FROM t")
    }

    /// A sound database of some hundred pages, as bytes.
    private func soundDatabase() throws -> Data {
        let database = try directory.open("sound.db")
        try database.execute(
            """
            CREATE TABLE t (a);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
            INSERT INTO t SELECT randomblob(400) FROM n;
            """)
        return try Data(contentsOf: URL(filePath: directory.file("sound.db")))
    }

    @Test func aMissingFileIsReported() throws {
        for mode in [Database.Mode.readOnly, .readWrite] {
            let error = try sqliteError { _ = try directory.open("none.db", mode) }
            #expect(error.code.primary == .cantOpen)
            #expect(error.description == "\(directory.file("none.db")) cannot be opened: No such file or directory")
        }
    }

    @Test(arguments: ["no/such/directory/x.db", "sound.db/x.db"])
    func aMissingDirectoryIsNamed(name: String) throws {
        _ = try soundDatabase()
        let error = try sqliteError { _ = try directory.open(name, .create) }
        #expect(error.systemErrno == (name.hasPrefix("no") ? ENOENT : ENOTDIR))
    }

    @Test(arguments: [Database.Mode.readOnly, .readWrite, .create])
    func aDirectoryIsNotADatabase(mode: Database.Mode) throws {
        for path in [directory.path, directory.path + "/", directory.path + "/.", "/", ""] {
            let error = try sqliteError {
                _ = try Database(path: path, mode: mode).scalar("SELECT count(*) FROM sqlite_schema")
            }
            #expect([.cantOpen, .ioError].contains(error.code.primary), "\(path): \(error)")
        }
    }

    @Test func aPathWithNULIsRefused() throws {
        #expect(try sqliteError { _ = try directory.open("a\0b") }.description.contains("NUL"))
    }

    @Test func anotherFileIsNotADatabase() throws {
        _ = try directory.write(String(repeating: "not a database\n", count: 300).utf8, to: "text.db")
        let error = try sqliteError { try read("text.db") }
        #expect(error.code == .notADatabase)
        #expect(error.description == "\(directory.file("text.db")) is not a SQLite database")
    }

    @Test func truncatedDatabasesAreDamaged() throws {
        let whole = try soundDatabase()
        for length in [whole.count / 2, 4096, 5000] {
            _ = try directory.write(whole.prefix(length), to: "cut.db")
            let error = try sqliteError { try read("cut.db") }
            #expect([.corrupt, .ioError].contains(error.code.primary), "\(length): \(error.code)")
        }
    }

    @Test func garbledPagesAreDamaged() throws {
        var bytes = try soundDatabase()
        for index in stride(from: 4096, to: bytes.count, by: 7) { bytes[index] ^= 0x5A }
        _ = try directory.write(bytes, to: "garbled.db")
        let error = try sqliteError { try read("garbled.db") }
        #expect(error.description.contains("is damaged"))
    }

    @Test(arguments: [Database.Mode.readOnly, .readWrite, .create])
    func aSymbolicLinkIsRefused(mode: Database.Mode) throws {
        _ = try soundDatabase()
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("link.db"), withDestinationPath: directory.file("sound.db"))
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("dangling.db"), withDestinationPath: directory.file("made.db"))
        let error = try sqliteError { _ = try directory.open("link.db", mode) }
        #expect(error.code == .cantOpenSymlink)
        #expect(error.description.contains("is a symbolic link"))
        #expect(throws: SQLiteError.self) { try directory.open("dangling.db", mode) }
        #expect(!FileManager.default.fileExists(atPath: directory.file("made.db")))
    }

    @Test func aLinkAmongTheDirectoriesIsFollowed() throws {
        _ = try soundDatabase()
        let link = try TemporaryDirectory()
        try FileManager.default.createSymbolicLink(atPath: link.file("way"), withDestinationPath: directory.path)
        let database = try Database(path: link.file("way/sound.db"), mode: .readOnly)
        #expect(try database.scalar("SELECT count(*) FROM t") == .integer(1000))
    }

    @Test(.enabled(if: MountedFileSystem.isAvailable, "needs root, to mount a file system"))
    func aFullDiskIsReportedAndTheDatabaseSurvives() throws {
        let disk = try MountedFileSystem(size: "1m")
        let database = try disk.directory.open("full.db")
        try database.execute("CREATE TABLE t (a); INSERT INTO t VALUES ('kept')")
        let error = try sqliteError {
            try database.transaction(.immediate) { () throws(SQLiteError) in
                let insert = try database.prepare("INSERT INTO t VALUES (zeroblob(100000))")
                for _ in 0..<100 { try insert.run() }
            }
        }
        #expect(error.code.primary == .full)
        #expect(error.description.contains("the disk or quota is full"))
        #expect(!database.isInTransaction)
        #expect(try database.scalar("SELECT group_concat(a) FROM t") == .text("kept"))
        #expect(try database.scalar("PRAGMA integrity_check") == .text("ok"))
    }

    @Test(.enabled(if: MountedFileSystem.isAvailable, "needs root, to mount a file system"))
    func aReadOnlyFileSystemIsReportedWhenOpeningToWrite() throws {
        let disk = try MountedFileSystem(size: "1m")
        try disk.directory.open("test.db").execute("CREATE TABLE t (a)")
        try disk.makeReadOnly()
        for mode in [Database.Mode.readWrite, .create] {
            let error = try sqliteError { _ = try disk.directory.open("test.db", mode) }
            #expect(error.code == .readOnly)
            #expect(error.description.contains("cannot be written"))
        }
        let error = try sqliteError { _ = try disk.directory.open("new.db", .create) }
        #expect(error.description.hasSuffix("cannot be opened: Read-only file system"))
        #expect(try disk.directory.open("test.db", .readOnly).scalar("SELECT count(*) FROM t") == .integer(0))
    }

    /// The log has an index, which a reader has to make if there is none.
    @Test(.enabled(if: MountedFileSystem.isAvailable, "needs root, to mount a file system"))
    func anUnreadableLogIsReported() throws {
        let disk = try MountedFileSystem(size: "1m")
        let database = try disk.directory.open("test.db")
        #expect(try database.setJournalMode(.wal) == .wal)
        try database.setCheckpointsOnClose(false)
        try database.execute("CREATE TABLE t (a)")
        try database.close()
        unlink(disk.directory.file("test.db-shm"))
        try disk.makeReadOnly()
        let error = try sqliteError {
            _ = try disk.directory.open("test.db", .readOnly).scalar("SELECT count(*) FROM t")
        }
        #expect(
            error.description.hasSuffix(
                "this user may not read or create its -wal and -shm files"), "\(error)")
    }

    @Test(.enabled(if: geteuid() != 0, "root may write whatever the mode"))
    func aReadOnlyFileIsReportedWhenOpeningToWrite() throws {
        try directory.open().execute("CREATE TABLE t (a)")
        #expect(chmod(directory.file("test.db"), 0o400) == 0)
        #expect(try sqliteError { _ = try directory.open("test.db", .readWrite) }.code == .readOnly)
    }

    @Test(.enabled(if: geteuid() != 0, "root may write whatever the mode"))
    func aReadOnlyDirectoryIsReportedWhenWriting() throws {
        try directory.open().execute("CREATE TABLE t (a)")
        #expect(chmod(directory.path, 0o500) == 0)
        defer { chmod(directory.path, 0o700) }
        #expect(try sqliteError { _ = try directory.open("new.db") }.description.contains("Permission denied"))
        let database = try directory.open("test.db", .readWrite)
        #expect(try sqliteError { try database.execute("DELETE FROM t") }.description.contains("read-only"))
    }
}
