import Foundation
import TestSupport
import Testing

/// What systemd says about the units, and what they must contain.
@Suite(.endsInTime) struct UnitTests {
    private static let analyze = Tool("systemd-analyze")
    private static let templates = ["qedscan-scan@.service", "qedscan-scan@.timer", "qedscan-mail@.service"]

    private let installation: Installation

    init() async throws { installation = try await Installation() }

    /// What systemd-analyze says of a unit. Its status is 0 even for a setting that it does not know.
    private func complaints(_ analyze: Tool, _ path: String) async throws -> String {
        let result = try await analyze.run(["verify", "--man=no", path])
        return result.output + result.errors
    }

    @Test(.enabled(if: analyze != nil, "systemd-analyze is not installed"), arguments: templates)
    func systemdHasNothingToComplainAbout(_ template: String) async throws {
        let analyze = try #require(Self.analyze)
        #expect(try await complaints(analyze, installation.instance(template)) == "")
    }

    @Test(.enabled(if: analyze != nil, "systemd-analyze is not installed"), arguments: templates)
    func systemdComplainsAboutABrokenUnit(_ template: String) async throws {
        let analyze = try #require(Self.analyze)
        let path = try installation.instance(template)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try (text + "\nNoSuchSetting=yes\n").write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try await complaints(analyze, path).contains("NoSuchSetting"))
    }

    /// From 0, nothing is left to take away, to 10.
    @Test(
        .enabled(if: analyze != nil, "systemd-analyze is not installed"),
        arguments: [("qedscan-scan@.service", 1.0), ("qedscan-mail@.service", 3.0)])
    func unitsAreConfined(_ template: String, limit: Double) async throws {
        let analyze = try #require(Self.analyze)
        let path = try installation.instance(template)
        let result = try await analyze.run(["security", "--offline=true", "--no-pager", path])
        let exposure = try #require(result.output.firstMatch(of: /Overall exposure level for .*: ([0-9.]+)/)?.1)
        print("\(template): exposure \(exposure)")
        #expect(try #require(Double(exposure)) <= limit)
    }

    @Test func aFailedScanIsMailed() throws {
        let scan = UnitFile(try installation.text("lib/systemd/system/qedscan-scan@.service"))
        let mail = UnitFile(try installation.text("lib/systemd/system/qedscan-mail@.service"))
        #expect(scan.values("OnFailure") == ["qedscan-mail@%i.service"])
        #expect(mail.value("ExecStart") == installation.file("libexec/qedscan/mail-failure qedscan-scan@%i.service"))
        // Leaks, corruption, what could not be checked and a wrong command line are failures.
        #expect(scan.values("SuccessExitStatus") == ["32 40"])
    }

    @Test func theScannerCanWriteNothingButItsStoreAndMetrics() throws {
        let scan = UnitFile(try installation.text("lib/systemd/system/qedscan-scan@.service"))
        #expect(scan.values("ProtectSystem") == ["strict"])
        #expect(scan.values("StateDirectory") == ["qedscan"])
        #expect(scan.values("ReadWritePaths") == ["-/var/lib/prometheus/node-exporter"], "of the metrics")
        #expect(scan.values("Environment").contains("QEDSCAN_DB=/var/lib/qedscan/qedscan.db"))
        #expect(scan.values("User") == ["qedscan"])
        #expect(scan.values("CapabilityBoundingSet") == ["CAP_DAC_READ_SEARCH"])
        #expect(scan.values("AmbientCapabilities") == ["CAP_DAC_READ_SEARCH"])
    }

    @Test func noUnitRepairs() throws {
        for file in try installation.files() where file.hasPrefix("lib/systemd/") || file.hasPrefix("libexec/") {
            for line in try installation.text(file).split(separator: "\n") where !line.hasPrefix("#") {
                #expect(!line.contains("qedscan repair") && !line.contains("qedscan undo"), "\(file): \(line)")
            }
        }
    }
}
