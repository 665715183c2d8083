import Glibc
import SQLite
import TestSupport
import Testing

@testable import Store

extension TemporaryDirectory {
    func open(
        _ name: String = "test.db", _ mode: Database.Mode = .create, busyTimeout: Duration = .zero
    ) throws -> Database {
        try Database(path: file(name), mode: mode, busyTimeout: busyTimeout)
    }
}

/// The permission bits of a file.
func mode(of path: String) throws -> mode_t {
    var status = stat()
    try #require(lstat(path, &status) == 0, "lstat \(path): errno \(errno)")
    return status.st_mode & 0o7777
}

/// The error of a call that must fail.
func sqliteError(_ body: () throws -> Void) throws -> SQLiteError {
    try #require(throws: SQLiteError.self, performing: body)
}

func migrationError(_ body: () throws -> Void) throws -> MigrationError {
    try #require(throws: MigrationError.self, performing: body)
}
