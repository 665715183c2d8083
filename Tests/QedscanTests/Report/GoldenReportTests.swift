import Foundation
import SQLite
import Store
import TestSupport
import Testing

/// Every report in every format on one made-up store, byte for byte what Tests/Golden/reports has.
///
/// QEDSCAN_WRITE_GOLDEN=1 writes these files again: read the differences before you commit them.
@Suite(.endsInTime) struct GoldenReportTests {
    private static let formats = ["table", "csv", "json", "jsonl", "markdown", "html"]
    private static let golden = Checkout.url("Tests/Golden")

    /// What would be another each day is taken at a fixed time: 2024-01-05.
    private static let parameters = ["hosts": ["-p", "at=1704412800"]]

    private func madeUpStore() async throws -> ScanFixture {
        let fixture = try ScanFixture()
        _ = try await fixture.run("scan", fixture.pool)
        let sql = try String(contentsOf: GoldenReportTests.golden.appending(path: "store.sql"), encoding: .utf8)
        try Database(path: fixture.store, mode: .readWrite).execute(sql)
        return fixture
    }

    @Test func everyReportMatchesItsGoldenFileInEveryFormat() async throws {
        let fixture = try await madeUpStore()
        let isWriting = ProcessInfo.processInfo.environment["QEDSCAN_WRITE_GOLDEN"] == "1"
        for report in Report.all {
            var text = ""
            for format in GoldenReportTests.formats {
                let result = try await fixture.run(
                    ["report", report.name, "--format", format] + (GoldenReportTests.parameters[report.name] ?? []))
                #expect(result.status == 0, "\(report.name) as \(format): \(result.errors)")
                text += "=== \(format)\n" + result.output
            }
            let file = GoldenReportTests.golden.appending(path: "reports/\(report.name).txt")
            if isWriting { try Data(text.utf8).write(to: file) }
            #expect(try Data(contentsOf: file) == Data(text.utf8), "\(report.name) differs from \(file.path)")
        }
    }

    @Test func noGoldenFileLacksItsReport() throws {
        let directory = GoldenReportTests.golden.appending(path: "reports").path
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(Set(names) == Set(Report.all.map { $0.name + ".txt" }))
    }
}
