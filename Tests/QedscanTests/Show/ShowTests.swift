import Foundation
import Glibc
import SQLite
import Store
import TestSupport
import Testing

/// `show` and `report`.
@Suite(.endsInTime) struct ShowTests {
    private let fixture: ScanFixture
    private let path: String

    init() async throws {
        fixture = try ScanFixture()
        path = try fixture.addImage("disk.qed", "two neighbours share a cluster, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
    }

    @Test func knownImageIsShownWithFindingsAndHistory() async throws {
        let result = try await fixture.run("show", path)
        #expect(result.status == 0)
        for text in [path, "corrupt", "data-cluster-shared", "findings", "history"] {
            #expect(result.output.contains(text))
        }
        let json = try await fixture.run("show", "--format", "json", path)
        let image = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: any Sendable]
        #expect(image?["path"] as? String == path)
        let findings = try #require(image?["findings"] as? [[String: any Sendable]])
        #expect(findings.contains { $0["kind"] as? String == "data-cluster-shared" })
        #expect((image?["history"] as? [[String: any Sendable]])?.count == 1)
    }

    @Test func damageIsAssessedInWords() async throws {
        let evidence = "1 cluster is in use more than once: 4096 guest bytes can be overwritten."
        let output = try await fixture.run("show", path).output
        #expect(output.contains("\nassessment\ndata-at-risk: \(evidence)\n"), "\(output)")
        let assessment = try await json(path)["assessment"] as? [String: any Sendable]
        #expect(assessment?["assessment"] as? String == "data-at-risk")
        #expect(assessment?["evidence"] as? String == evidence)
        #expect(assessment?["at_risk_bytes"] as? Int == 4096)
    }

    @Test func soundImageHasNoAssessment() async throws {
        let sound = try fixture.addImage("sound.qed")
        _ = try await fixture.run("scan", fixture.pool)
        #expect(!(try await fixture.run("show", sound).output.contains("assessment")))
        #expect(try await json(sound)["assessment"] is NSNull)
    }

    @Test func historyTellsTheChecksOfRepairsFromThoseOfScans() async throws {
        #expect(try await fixture.repair("--only", "clone-shared").status & 1 == 1)
        _ = try await fixture.run("scan", "--full", fixture.pool)
        let history = try #require(try await json(path)["history"] as? [[String: any Sendable]])
        #expect(history.map { $0["repair"] as? Int } == [nil, 1, nil])
        #expect(history.map { $0["scan"] as? Int } == [2, nil, 1])
        let output = try await fixture.run("show", "--no-map", path).output
        let section = try #require(output.firstRange(of: "\nhistory\n")).upperBound
        let lines = output[section...].split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.first.map { Array($0.prefix(4)) } == ["checked_at", "scan", "repair", "outcome"])
        // Date and time are two words.
        #expect(lines.dropFirst().map { Array($0[2...3]) } == [["2", "-"], ["-", "1"], ["1", "-"]])
    }

    @Test func imageThatWasNeverCheckedIsShownAllTheSame() async throws {
        try fixture.addImage("new.qed", "sound, 4K/1")
        let new = fixture.pool + "/new.qed"
        try Database(path: fixture.store, mode: .readWrite).execute(
            """
            INSERT INTO image (host, path, device, inode, first_scan_id, last_scan_id)
            SELECT host, '\(new)', 1, 1, 1, 1 FROM image;
            """)
        let result = try await fixture.run("show", new)
        #expect(result.status == 0 && result.errors == "", "\(result)")
        #expect(result.output.contains(new + "\n") && result.output.contains("\nit has not been checked yet\n"))
        #expect(result.output.contains("\nmap\nnot shown: the image has not been checked yet\n"))
        for title in ["assessment", "findings", "history", "backing chain", "overlays"] {
            #expect(!result.output.contains("\n\(title)\n"), "\(title)")
        }
        let image = try await json(new)
        #expect(image["path"] as? String == new && image["outcome"] is NSNull && image["present"] as? Int == 1)
        #expect((image["history"] as? [Any])?.isEmpty == true)
        let svg = fixture.directory.file("map.svg")
        #expect(try await fixture.run("show", "--svg", svg, new).status == 8)
        #expect(access(svg, F_OK) != 0)
    }

    @Test(arguments: ["csv", "markdown", "html"]) func otherFormatsHaveTheLatestResultAlone(_ format: String)
        async throws
    {
        let shown = try await fixture.run("show", "--format", format, path)
        #expect(shown.status == 0 && shown.errors == "")
        #expect(
            shown.output == (try await fixture.run("query", "--format", format, "SELECT * FROM latest_check").output))
    }

    private func json(_ path: String) async throws -> [String: any Sendable] {
        let result = try await fixture.run("show", "--format", "json", path)
        #expect(result.status == 0)
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        return try #require(object as? [String: any Sendable])
    }

    @Test func unknownImageIsAnErrorWithAHint() async throws {
        let result = try await fixture.run("show", "/no/such.qed")
        #expect(result.status == 8)
        #expect(result.output == "")
        #expect(result.errors.contains("hint: "))
    }

    @Test(arguments: ["disk.qed", "./disk.qed", "../pool/disk.qed", "link/disk.qed"])
    func relativeNamesFindTheImageEvenWhenItIsGone(_ name: String) async throws {
        try FileManager.default.createSymbolicLink(atPath: "\(fixture.pool)/link", withDestinationPath: ".")
        let shell = try #require(Tool("sh"))
        let command = ["-c", "cd \"$1\" && \"$2\" show \"$3\"", "sh", fixture.pool, fixture.tool.path, name]
        #expect(try await shell.run(command, environment: fixture.environment).status == 0)
        unlink(path)
        _ = try await fixture.run("scan", fixture.pool)
        let gone = try await shell.run(command, environment: fixture.environment)
        #expect(gone.status == 0, "\(gone.errors)")
        #expect(gone.output.contains(path))
    }

    @Test func reportWithoutANameListsThemAll() async throws {
        let list = try await fixture.run("report")
        #expect(list.status == 0)
        #expect(list.output.split(separator: "\n").count == Report.all.count + 1)
        for report in Report.all {
            #expect(list.output.contains(report.name) && list.output.contains(report.question))
            let result = try await fixture.run("report", "-v", report.name)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.hasPrefix(report.question))
        }
    }
}
