import Foundation
import Glibc
import SQLite
import Store
import TestSupport
import Testing

/// What a scan needs: read access, or the capability to read everything, and a directory for its store.
@Suite(.endsInTime) struct PrivilegeTests {
    private let fixture: ScanFixture
    private let directory: String
    private var store: String { "\(directory)/store.db" }

    /// Two images of root's, one of them readable for everybody, and a directory of nobody's for the store.
    init() throws {
        fixture = try ScanFixture()
        try fixture.addImage("open.qed")
        let closed = try fixture.addImage("closed.qed")
        chmod(closed, 0o600)
        directory = try fixture.directory.makeDirectory("store")
        chmod(directory, 0o700)
        if geteuid() == 0 { try #require(chown(directory, 65534, 65534) == 0) }
    }

    /// nil, with a notice, if it is not possible to run as that user here.
    private func scan(by user: BoundedRun.User) async throws -> Tool.Result? {
        guard let prefix = try BoundedRun.prefix(user, fixture.tool), let first = prefix.first,
            let program = Tool(first)
        else {
            print("skipped: there is no way to run the program as \(user) here")
            return nil
        }
        return try await program.run(
            prefix.dropFirst() + [fixture.tool.path, "--db", store, "scan", fixture.pool],
            environment: fixture.environment)
    }

    private func outcomes() throws -> [String] {
        let database = try Database(path: store, mode: .readWrite)
        let statement = try database.prepare(
            """
            SELECT replace(path, ?1 || '/', '') || ': ' || outcome FROM latest_check UNION ALL
            SELECT replace(path, ?1 || '/', '') || ': errno ' || errno FROM path_error ORDER BY 1
            """)
        try statement.bind(fixture.pool)
        var lines: [String] = []
        while try statement.step() { lines.append(try statement.column(0)) }
        return lines
    }

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test func nobodyScansWhatItMayReadAndTheRestIsReported() async throws {
        guard let result = try await scan(by: .nobody) else { return }
        #expect(result.status == 8, "\(result.errors)")
        #expect(result.errors.contains("closed.qed"))
        #expect(try outcomes() == ["closed.qed: errno \(EACCES)", "open.qed: clean"])
        #expect(mode(store) == 0o600)
    }

    @Test func theCapabilityToReadEverythingIsEnough() async throws {
        guard let result = try await scan(by: .nobodyWhoReadsAll) else { return }
        #expect(result.status == 0, "\(result.errors)")
        #expect(try outcomes() == ["closed.qed: clean", "open.qed: clean"])
        #expect(mode(store) == 0o600)
    }

    /// A scan that is killed leaves SQLite's files too.
    @Test(arguments: ["000", "022", "077", "277", "777"])
    func onlyTheOwnerMayReadTheStoresFilesWhateverTheUmask(_ umask: String) async throws {
        try fixture.addImage("slow.qed")
        let own = fixture.directory.file("own.db")
        let script = "umask \(umask); exec \"$@\""
        var arguments = [fixture.tool.path, "--db", own, "scan", fixture.pool]
        if Strace.isPossible {
            let kill = [
                "-e", "trace=pread64", "-P", "\(fixture.pool)/slow.qed", "-e", "inject=pread64:signal=SIGKILL:when=1",
            ]
            arguments = ["strace", "-f", "-qq", "-o", "/dev/null"] + kill + arguments
        }
        let shell = try #require(Tool("sh"))
        let run = ["-c", script, "sh"]
        _ = try await shell.run(run + arguments, environment: fixture.environment)
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let found = mode(own + suffix)
            if Strace.isPossible || suffix == "" || suffix == ".lock" { #expect(found == 0o600, "\(suffix)") }
        }
        let last = try await shell.run(
            run + [fixture.tool.path, "--db", own, "scan", fixture.pool], environment: fixture.environment)
        #expect(last.status == 0, "\(last.errors)")
        let copy = try await shell.run(
            run + [fixture.tool.path, "--db", own, "store", "backup", own + ".copy"], environment: fixture.environment)
        #expect(copy.status == 0, "\(copy.errors)")
        for suffix in ["", ".lock", ".copy"] { #expect(mode(own + suffix) == 0o600, "\(suffix)") }
    }
}
