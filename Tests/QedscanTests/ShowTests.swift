import Foundation
import Glibc
import ReportStore
import TestSupport
import Testing

/// `show` and `report`.
@Suite(.timeLimit(.minutes(5))) struct ShowTests {
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
