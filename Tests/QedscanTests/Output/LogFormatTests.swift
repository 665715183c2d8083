import Corpus
import Foundation
import TestSupport
import Testing

@Suite(.endsInTime) struct LogFormatTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func aScanLogsEachFindingAsOneObject() async throws {
        try fixture.addImage("clean.qed")
        try fixture.addImage("bad\u{1B}[31m\"\n.qed", "feature bit 3, 4K/1")
        let missing = fixture.directory.file("missing")
        let result = try await fixture.run("scan", "--log-format", "json", fixture.pool, missing)
        let messages = try objects(result.errors)
        #expect(
            messages.map { $0["event"] as? String } == ["scan-started", "path-error", "image", "scan-ended"]
                || messages.map { $0["event"] as? String } == ["scan-started", "image", "path-error", "scan-ended"])
        for message in messages {
            let time = try #require(message["time"] as? String)
            #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/) != nil)
        }
        let image = try #require(messages.first { $0["event"] as? String == "image" })
        #expect(image["path"] as? String == "\(fixture.pool)/bad\u{1B}[31m\"\n.qed")
        #expect(image["outcome"] as? String == "unsupported" && image["level"] as? String == "error")
        let error = try #require(messages.first { $0["event"] as? String == "path-error" })
        #expect(error["path"] as? String == missing && error["errno"] as? Int == Int(ENOENT))
        let end = try #require(messages.last)
        #expect(end["images"] as? Int == 2 && end["clean"] as? Int == 1 && end["unsupported"] as? Int == 1)
        #expect(end["path_errors"] as? Int == 1 && end["status"] as? Int == Int(result.status))
        #expect(!hasControlCharacters(result.errors))
    }

    @Test func quietLogsOnlyProblems() async throws {
        try fixture.addImage("clean.qed")
        #expect(try await fixture.run("scan", "-q", "--log-format", "json", fixture.pool).errors.isEmpty)
        try fixture.addImage("bad.qed", "feature bit 3, 4K/1")
        let result = try await fixture.run("scan", "-q", "--log-format", "json", fixture.pool)
        #expect(try objects(result.errors).map { $0["event"] as? String } == ["image"])
    }

    @Test func otherMessagesAreObjectsToo() async throws {
        let result = try await fixture.run("report", "summary", "--log-format", "json")
        #expect(result.status == 8)
        let messages = try objects(result.errors)
        #expect(messages.map { $0["level"] as? String } == ["error", "info"])
        #expect((messages[0]["message"] as? String)?.contains(fixture.store) == true)
    }

    /// See sd-daemon(3). The journal is named by the device and inode of standard error.
    @Test func theSystemdJournalGetsTheLevel() async throws {
        let shell = try #require(Tool("sh"))
        let script = "JOURNAL_STREAM=$(stat -L -c %d:%i /dev/stderr) exec \"$0\" report summary"
        let journal = try await shell.run(["-c", script, fixture.tool.path], environment: fixture.environment)
        #expect(
            journal.errors.split(separator: "\n").allSatisfy {
                $0.hasPrefix("<3>qedscan: ") || $0.hasPrefix("<6>hint: ")
            })
        let other = try await fixture.run("report", "summary", environment: ["JOURNAL_STREAM": "1:2"])
        #expect(other.errors.hasPrefix("qedscan: "))
    }

    private func objects(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(object as? [String: Any])
        }
    }
}
