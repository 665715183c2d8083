import Files
import Foundation
import Glibc
import Lab
import QED
import SQLite
import Store
import TestSupport
import Testing

@testable import qedscan

/// The page of `report --html`, made by the program.
@Suite(.endsInTime) struct PageTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    private func addDamagedPool() async throws {
        try fixture.addImage("sound.qed")
        try fixture.addImage("dirty.qed", "dirty, 4K/1")
        try fixture.addImage("shared.qed", "two neighbours share a cluster, 4K/1")
        try fixture.addImage("gone.qed")
        _ = try await fixture.run("scan", fixture.pool)
        unlink("\(fixture.pool)/gone.qed")
        _ = try await fixture.run("scan", fixture.pool)
    }

    @Test func headlineFiguresAreThoseOfTheStore() async throws {
        try await addDamagedPool()
        let figures = try ParsedPage(try await fixture.page()).figures
        let expected = [
            "Images": "3", "Damaged": "1", "Dirty": "1", "Corruptions": "1", "Leaked": "4.0 KiB", "In use": "0",
            "Not present": "1",
        ]
        for (title, value) in expected { #expect(figures[title] == value, "\(title)") }
    }

    @Test func leakedBytesOfAScanAreThoseOfTheImagesThatWereThereThen() async throws {
        let path = try fixture.addImage("shared.qed", "two neighbours share a cluster, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
        try fixture.addImage("other.qed", "two neighbours share a cluster, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
        unlink(path)
        _ = try await fixture.run("scan", fixture.pool)
        let text = try await fixture.page()
        let details = try #require(
            text.components(separatedBy: "</details>").first?.components(separatedBy: "<details>").last)
        let cells = details.components(separatedBy: "<td class=\"bytes\">").dropFirst()
        // The newest first.
        #expect(cells.map { $0.prefix { $0 != "<" } } == ["4.0 KiB", "8.0 KiB", "4.0 KiB"])
    }

    @Test func repairThatWasMadeCanBeTakenBackByTheCommandInThePage() async throws {
        let path = try fixture.addImage("shared.qed", "two neighbours share a cluster, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
        #expect(!(try await fixture.page().contains("qedscan undo")))
        let repair = try await fixture.run("repair", "--yes", "--settle", "0s", path)
        #expect(
            try await fixture.number("SELECT count(*) AS n FROM repair WHERE state = 'done'") == 1, "\(repair.errors)")
        let page = try ParsedPage(try await fixture.page())
        #expect(page.texts["code"]?.contains("qedscan undo --db \(fixture.store) 1") == true)
    }

    @Test func everyPartIsThereAndHeadingsAreInOrder() async throws {
        try await addDamagedPool()
        let text = try await fixture.page()
        let page = try ParsedPage(text)
        #expect(
            page.texts["h2"] == [
                "Trend", "What changed since the scan before", "Problems", "Backing files", "Damaged images", "Repairs",
            ])
        #expect(page.texts["h3"] == ["\(fixture.pool)/shared.qed"])
        let levels = page.elements.compactMap { ["h1": 1, "h2": 2, "h3": 3, "h4": 4][$0.name] }
        #expect(zip(levels, levels.dropFirst()).allSatisfy { $1 <= $0 + 1 } && levels.count(where: { $0 == 1 }) == 1)
        #expect(text.contains("data-cluster-shared") && text.contains("1 vanished"))
        #expect(page.elements("svg").map { $0["role"] } == ["img", "img"])
        #expect(page.elements("th").allSatisfy { $0["scope"] != nil })
        #expect(page.elements("html").first?["lang"] == "en")
        let ids = page.elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
        for link in page.elements("a").compactMap({ $0["href"] }) { #expect(ids.contains(String(link.dropFirst()))) }
    }

    @Test func nothingIsLoadedAndOnlyItsOwnScriptMayRun() async throws {
        try await addDamagedPool()
        let text = try await fixture.page()
        let page = try ParsedPage(text)
        let policy = try #require(
            page.elements("meta").first { $0["http-equiv"] == "Content-Security-Policy" }?["content"])
        #expect(policy.hasPrefix("default-src 'none'; script-src 'sha256-"))
        #expect(policy.hasSuffix("; base-uri 'none'; form-action 'none'") && !policy.contains("unsafe"))
        // By another implementation of the digest than the program's.
        if let tool = Tool("openssl") {
            for (kind, element) in [("script-src", "script"), ("style-src", "style")] {
                let content = try #require(text.components(separatedBy: "<\(element)>").last)
                let source = try #require(content.components(separatedBy: "</\(element)>").first)
                let file = try fixture.directory.write(Array(source.utf8), to: "content")
                let digest = fixture.directory.file("digest")
                _ = try await tool.run(["dgst", "-sha256", "-binary", "-out", digest, file])
                let hash = try Data(contentsOf: URL(filePath: digest)).base64EncodedString()
                #expect(policy.contains("\(kind) 'sha256-\(hash)'"))
            }
        }
        let plain = text.replacingOccurrences(of: "xmlns=\"http://www.w3.org/2000/svg\"", with: "")
            .replacingOccurrences(of: "xmlns=\"http://www.w3.org/1999/xhtml\"", with: "")
        for reference in ["http:", "https:", "src=\"", "url(", "@import", "style=\""] {
            #expect(!plain.contains(reference), "\(reference)")
        }
    }

    @Test func emptyStoreHasAPage() async throws {
        _ = try await fixture.run("scan", fixture.pool)
        let page = try ParsedPage(try await fixture.page())
        #expect(page.texts["script"] == nil && page.figures.isEmpty)
        let database = try Database(path: fixture.store, mode: .readWrite)
        try database.execute("DELETE FROM scan_root; DELETE FROM scan")
        #expect(try await fixture.page().contains("The store is empty"))
    }

    @Test func directoryGetsAnIndex() async throws {
        _ = try await fixture.run("scan", fixture.pool)
        let directory = try fixture.directory.makeDirectory("site")
        #expect(try await fixture.run("report", "--html", directory).status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["index.html"])
    }

    @Test(.disabled(if: Sanitizer.isThread, "its runtime needs larger files"))
    func failureLeavesThePageThatWasThere() async throws {
        try fixture.addImage("shared.qed", "two neighbours share a cluster, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
        let directory = try fixture.directory.makeDirectory("site")
        _ = try fixture.directory.write(Array("old".utf8), to: "site/index.html")
        // A limit of 8 KiB a file, of which the page has more.
        let shell = try #require(Tool("sh"))
        let script = "ulimit -f 16; trap '' XFSZ; exec \"$0\" report --html \"$1\""
        let result = try await shell.run(
            ["-c", script, fixture.tool.path, directory], environment: fixture.environment)
        #expect(result.status == 8)
        #expect(result.errors.contains("index.html"), "\(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["index.html"])
        #expect(try String(contentsOfFile: directory + "/index.html", encoding: .utf8) == "old")
    }

    @Test func changedImageHasNoMapAndTheReason() async throws {
        let path = try fixture.addImage("shared.qed", "two neighbours share a cluster, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
        #expect(!(try await fixture.page().contains("No map")))
        try ImageEditor(path: path).writeL2(0, at: 1, of: 0)
        #expect(
            try await fixture.page().contains("<p class=\"soft\">No map: the file has changed since it was checked.<"))
    }

    @Test func overlaysOfADamagedBaseAreListed() async throws {
        try fixture.addImage("base.qed", "two neighbours share a cluster, 4K/1")
        for (name, base) in [("one.qed", "base.qed"), ("two.qed", "one.qed")] {
            var plan = ImagePlan()
            plan.clusterSize = 4096
            plan.tableSize = 1
            plan.imageSize = 4 << 20
            plan.backingFilename = base
            try ImageWriter(plan).write(to: RawPath("\(fixture.pool)/\(name)"))
        }
        _ = try await fixture.run("scan", fixture.pool)
        let text = try await fixture.page()
        let tree = try #require(text.components(separatedBy: "<ul class=\"tree\">").last)
        let pool = fixture.pool
        let names = ["base.qed <strong>(data-at-risk)", "one.qed <span", "<ul>\n<li>\(pool)/two.qed <span"]
        let places = names.map { tree.firstRange(of: $0)?.lowerBound }
        #expect(places.allSatisfy { $0 != nil } && places.compactMap(\.self) == places.compactMap(\.self).sorted())
    }

    @Test func rowsBeyondTheStaticOnesAreInTheData() async throws {
        try fixture.addImage("shared.qed", "two neighbours share a cluster, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
        let database = try Database(path: fixture.store, mode: .readWrite)
        try database.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)
            INSERT INTO path_error (scan_id, path, operation, errno, message)
            SELECT 1, '/pool/' || i, 'openat', 13, 'Permission denied' FROM n
            """)
        let text = try await fixture.page()
        let page = try ParsedPage(text)
        #expect((try page.data()["rows"] as? [[Any]])?.count == 701)
        let table = try #require(text.components(separatedBy: "id=\"problem-table\"").last)
        let rows = try #require(table.components(separatedBy: "</tbody>").first).components(separatedBy: "<tr><th")
            .count
        #expect(rows == 500 + 2)
        #expect(text.contains("<noscript><p>The first 500 of 701 rows."))
    }

    @Test func reportAndFormatDoNotGoWithThePage() async throws {
        #expect(try await fixture.run("report", "--html", "x", "summary").status == ExitStatus.usage.rawValue)
        #expect(try await fixture.run("report", "--html", "x", "--format", "csv").status == ExitStatus.usage.rawValue)
    }
}
