import Corpus
import Foundation
import Lab
import SQLite
import Store
import TestSupport
import Testing

@Suite(.endsInTime) struct NagiosTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func aCleanPoolIsOK() async throws {
        try fixture.addImage()
        _ = try await fixture.run("scan", fixture.pool)
        let result = try await status()
        #expect(result.status == 0)
        #expect(
            result.output.hasPrefix(
                "QEDSCAN OK - 1 image: nothing is wrong | clean=1;;;0 leaking=0;0;;0 corrupt=0;;0;0 "))
        #expect(result.output.hasSuffix("\n") && result.output.split(separator: "\n").count == 1)
    }

    /// As the Monitoring Plugins Development Guidelines have it: 'label'=value[UOM];[warn];[crit];[min];[max].
    @Test func performanceDataHasItsForm() async throws {
        try fixture.addImage()
        _ = try await fixture.run("scan", fixture.pool)
        let output = try await status().output
        let data = try #require(output.split(separator: "|").last).split(whereSeparator: \.isWhitespace)
        #expect(data.count == 14)
        for item in data { #expect(item.wholeMatch(of: /\w+=\d+(\.\d+)?(s|B)?;\d*;\d*;0/) != nil, "\(item)") }
    }

    @Test func leaksAreAWarningAndCorruptionIsCritical() async throws {
        try fixture.addImage("leaking.qed", "one cluster more at the end, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
        let leaking = try await status()
        #expect(
            leaking.status == 1 && leaking.output.hasPrefix("QEDSCAN WARNING - 1 image: 1 leaking |"), "\(leaking)")
        try fixture.addImage("corrupt.qed", "two neighbours share a cluster, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
        let both = try await status()
        #expect(
            both.status == 2 && both.output.hasPrefix("QEDSCAN CRITICAL - 2 images: 1 corrupt, 1 leaking"), "\(both)")
    }

    @Test func aPoolThatNobodyScansIsCritical() async throws {
        try fixture.addImage()
        _ = try await fixture.run("scan", fixture.pool)
        try Database(path: fixture.store, mode: .readWrite).execute(
            "UPDATE scan SET started_at = '2020-01-01 00:00:00.000', finished_at = '2020-01-01 00:00:01.000'")
        let result = try await status()
        #expect(result.status == 2 && result.output.contains("last complete scan "), "\(result)")
        #expect(try await status("--max-age", "99999d").status == 0)
    }

    @Test func onlyTheNamedPoolCounts() async throws {
        try fixture.addImage()
        let other = try fixture.directory.makeDirectory("pool-2")
        try #require(CorpusCase.all.first { $0.expected.outcome == .corrupt }).write(to: "\(other)/corrupt.qed")
        _ = try await fixture.run("scan", fixture.pool)
        _ = try await fixture.run("scan", other)
        #expect(try await status().status == 2)
        #expect(try await status(fixture.pool).status == 0)
        #expect(try await status(other + "/").status == 2)
    }

    /// It only leaks, by its counters.
    @Test func aWipedL1TableIsCritical() async throws {
        let path = try fixture.addImage()
        var random = SeededRandom(seed: 1)
        try Defect.l1Wiped.apply(to: ImageEditor(path: path), using: &random)
        _ = try await fixture.run("scan", fixture.pool)
        #expect(try await fixture.number("SELECT count(*) FROM latest_check WHERE outcome = 'leaking'") == 1)
        let result = try await status()
        #expect(result.status == 2 && result.output.contains(": 1 with lost tables, 1 leaking |"), "\(result)")
        let metrics = fixture.directory.file("m.prom")
        _ = try await fixture.run("scan", "--pool", "a", "--metrics", metrics, fixture.pool)
        let text = try String(contentsOfFile: metrics, encoding: .utf8)
        #expect(text.contains("qedscan_images_tree_lost{pool=\"a\"} 1\n"))
    }

    @Test func aPoolWithoutItsImagesIsAWarning() async throws {
        let path = try fixture.addImage()
        _ = try await fixture.run("scan", fixture.pool)
        try FileManager.default.removeItem(atPath: path)
        _ = try await fixture.run("scan", fixture.pool)
        let result = try await status()
        #expect(
            result.status == 1 && result.output.contains("no image is there (any more: 1 are missing)"), "\(result)")
    }

    /// Of what it could not read nothing better is known.
    @Test func aScanOfAnotherPoolDoesNotHideErrors() async throws {
        try fixture.addImage()
        let gone = fixture.directory.file("gone")
        _ = try await fixture.run("scan", fixture.pool, gone)
        _ = try await fixture.run("scan", fixture.pool)
        let result = try await status()
        #expect(result.status == 1 && result.output.contains(": 1 not readable |"), "\(result)")
        #expect(try await status(fixture.pool).status == 0)
    }

    @Test func everyFailureIsUnknown() async throws {
        let noStore = try await status()
        #expect(noStore.status == 3 && noStore.output.hasPrefix("QEDSCAN UNKNOWN - "), "\(noStore)")
        let usage = try await status("--max-age", "soon")
        #expect(usage.status == 3 && usage.output.hasPrefix("QEDSCAN UNKNOWN - qedscan status: "), "\(usage)")
        #expect(try await status("--nonsense").status == 3)
        _ = try fixture.directory.write(Array("not a database, but long enough to be looked at".utf8), to: "store.db")
        #expect(try await status().status == 3)
    }

    @Test func aStoreWithoutACompleteScanIsUnknown() async throws {
        try fixture.addImage()
        _ = try await fixture.run("scan", fixture.pool)
        try Database(path: fixture.store, mode: .readWrite).execute("UPDATE scan SET state = 'interrupted'")
        let result = try await status()
        #expect(
            result.status == 3 && result.output.hasPrefix("QEDSCAN UNKNOWN - the store has no complete scan of host "))
    }

    private func status(_ arguments: String...) async throws -> Tool.Result {
        try await fixture.run(["status", "--nagios"] + arguments)
    }
}
