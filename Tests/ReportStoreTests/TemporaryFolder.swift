import Foundation
import Glibc
import Testing

@testable import ReportStore

/// A folder that is removed with everything in it when the last reference goes.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "ReportStoreTests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        path = url.path
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("left behind: \(path): \(error)")
        }
    }

    func file(_ name: String) -> String {
        "\(path)/\(name)"
    }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: file(name)))
        return file(name)
    }

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
