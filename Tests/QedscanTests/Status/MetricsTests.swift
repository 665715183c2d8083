import Corpus
import Foundation
import Glibc
import Lab
import SQLite
import Store
import TestSupport
import Testing

@Suite(.ownThread, .endsInTime) struct MetricsTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func figuresAreThoseOfThePool() async throws {
        try fixture.addImage("clean.qed")
        try fixture.addImage("leaking.qed", "one cluster more at the end, 4K/1")
        try fixture.addImage("bad.qed", "feature bit 3, 4K/1")
        let other = try fixture.directory.makeDirectory("other")
        try CorpusCase.all[0].write(to: "\(other)/elsewhere.qed")
        _ = try await fixture.run("scan", other)
        let text = try await metrics("scan", "--metrics", fixture.directory.file("m.prom"), fixture.pool)
        let label = "{pool=\"\(fixture.pool)\""
        #expect(text.contains("qedscan_images\(label),outcome=\"clean\"} 1\n"))
        #expect(text.contains("qedscan_images\(label),outcome=\"leaking\"} 1\n"))
        #expect(text.contains("qedscan_images\(label),outcome=\"unsupported\"} 1\n"))
        #expect(text.contains("qedscan_images\(label),outcome=\"corrupt\"} 0\n"), "what is not there is 0, not absent")
        #expect(text.contains("qedscan_leaked_bytes\(label)} 4096\n"))
        #expect(text.contains("qedscan_scan_images\(label)} 3\n"))
        #expect(text.contains("qedscan_scan_completed\(label)} 1\n"))
        #expect(text.contains("qedscan_scan_exit_status\(label)} 10\n"))
        #expect(text.contains("qedscan_repairs_unsettled\(label)} 0\n"))
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("qedscan_last_success_timestamp") })
        let value = try #require(line.split(separator: " ").last)
        let time = try #require(Double(value))
        #expect(abs(time - Date.now.timeIntervalSince1970) < 3600)
    }

    /// A half scan must not look like a pool that lost half of its images.
    @Test(.enabled(if: FaultShim.isPossible, "nothing can be preloaded here"))
    func anInterruptedScanKeepsTheTimeOfTheLastCompleteOne() async throws {
        let image = try fixture.addImageOfManyTables()
        let file = fixture.directory.file("m.prom")
        let before = try await metrics("scan", "--metrics", file, fixture.pool)
        let shim = FaultShim(fixture.tool, on: image, environment: fixture.environment)
        let (scan, gate) = try shim.start(
            ["scan", "--full", "--metrics", file, fixture.pool], pausingAt: "pread", 3)
        try #require(gate.isReached(by: scan))
        kill(scan.processIdentifier, SIGTERM)
        #expect(try await eventually { try scan.hasBeenCancelled(by: SIGTERM) })
        try gate.open()
        #expect(await scan.wait() == 32)
        let after = try String(contentsOfFile: file, encoding: .utf8)
        let success = { (text: String) in text.split(separator: "\n").filter { $0.contains("last_success") } }
        #expect(success(before) == success(after))
        #expect(success(after).count == 3)
        #expect(after.contains("qedscan_scan_completed{pool=\"\(fixture.pool)\"} 0\n"))
        #expect(after.contains("outcome=\"clean\"} 1\n"))
    }

    @Test(.enabled(if: Tool("promtool") != nil, "prometheus is not installed"))
    func promtoolAcceptsThem() async throws {
        try fixture.addImage("clean.qed")
        let text = try await metrics(
            "scan", "--metrics", fixture.directory.file("m.prom"), "--pool", "a \"b\" \\ c\nd", fixture.pool)
        #expect(text.contains("{pool=\"a \\\"b\\\" \\\\ c"))
        let check = try await #require(Tool("promtool")).run(["check", "metrics"], input: text)
        #expect((check.status, check.output, check.errors) == (0, "", ""))
    }

    @Test(.enabled(if: Tool("promtool") != nil, "prometheus is not installed"))
    func promtoolAcceptsTheRules() async throws {
        let promtool = try #require(Tool("promtool"))
        let directory = "\(Checkout.root.path)/contrib/prometheus"
        let check = try await promtool.run(["check", "rules", "--lint-fatal", "\(directory)/qedscan.rules.yml"])
        #expect(check.status == 0, "\(check.output)\(check.errors)")
        let test = try await promtool.run(["test", "rules", "\(directory)/qedscan.rules.test.yml"])
        #expect(test.status == 0, "\(test.output)\(test.errors)")
    }

    @Test func theRulesUseMetricsThatExist() async throws {
        try fixture.addImage()
        let text = try await metrics("scan", "--metrics", fixture.directory.file("m.prom"), fixture.pool)
        let known = Set(text.matches(of: /# TYPE (\w+) gauge/).map { String($0.1) })
        let rules = try String(
            contentsOfFile: "\(Checkout.root.path)/contrib/prometheus/qedscan.rules.yml", encoding: .utf8)
        let asked = Set(rules.matches(of: /qedscan_\w+/).map { String($0.0) })
        #expect(!asked.isEmpty && asked.isSubset(of: known), "\(asked.subtracting(known))")
    }

    @Test func theExporterMayReadThemAndAPlantedLinkIsReplaced() async throws {
        try fixture.addImage()
        let victim = try fixture.directory.write(Array("mine".utf8), to: "victim")
        let file = fixture.directory.file("m.prom")
        #expect(symlink(victim, file) == 0)
        _ = try await metrics("scan", "--metrics", file, fixture.pool)
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == "mine")
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.type] as? FileAttributeType == .typeRegular)
        #expect(attributes[.posixPermissions] as? Int == 0o644)
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path)
        #expect(!names.contains { $0.contains("tmp") }, "\(names)")
    }

    @Test func aMissingDirectoryIsReportedAndTheScanIsKept() async throws {
        try fixture.addImage()
        let result = try await fixture.run("scan", "--metrics", "\(fixture.pool)/no/m.prom", fixture.pool)
        #expect(result.status == 8)
        #expect(result.errors == "qedscan: \(fixture.pool)/no/m.prom: open: No such file or directory\n")
        #expect(try await fixture.checkCount() == 1)
    }

    private func metrics(_ arguments: String...) async throws -> String {
        let result = try await fixture.run(arguments)
        #expect(result.errors.isEmpty)
        let option = try #require(arguments.firstIndex(of: "--metrics"))
        return try String(contentsOfFile: arguments[option + 1], encoding: .utf8)
    }
}
