import Foundation
import Glibc
import Lab
import QED
import TestSupport
import Testing

/// The page of `report --html` in a real browser, as the program wrote it. Skipped where there is no chromium.
@Suite(.enabled(if: Browser.tool != nil, "chromium is not installed"), .endsInTime)
struct PageBrowserTests {
    private static let names = [
        "<script>alert(1)<script>.qed", "\"><img src=http:\\\\127.0.0.1:9\\name onerror=alert(1)>.qed",
        "<style>body{display:none}.qed",
    ]
    private let fixture: ScanFixture
    private let page: ParsedPage

    /// A page of damaged images of all kinds, some with names that are markup, and a `needle` among the corrupt ones.
    init() async throws {
        fixture = try ScanFixture()
        var plan = PoolPlan()
        plan.imageCount = 60
        plan.damagedShare = 0.5
        plan.seed = 2010
        _ = try PoolWriter(plan).write(to: fixture.pool)
        for name in PageBrowserTests.names + ["Needle.qed"] {
            try fixture.addImage(name, "two neighbours share a cluster, 4K/1")
        }
        for _ in 0..<2 { _ = try await fixture.run("scan", "--full", fixture.pool) }
        page = try ParsedPage(try await fixture.page())
        _ = try fixture.directory.write(Array(PageDriver.text.utf8), to: "driver.html")
    }

    private func visit(isDark: Bool = false, query: String = "") async throws -> (Browser.Visit, [String: Any]) {
        let visit = try await Browser(isDark: isDark).visit(fixture.directory.file("driver.html"), query: query)
        let result = try visit.result()
        #expect(result["error"] == nil, "\(result["error"] ?? "")")
        return (visit, result)
    }

    private func rows() throws -> [[Any]] { try #require(try page.data()["rows"] as? [[Any]]) }

    private func place(of title: String) throws -> Int {
        // The heads of the first table that has all of them are those of the table of problems.
        let heads = try #require(page.texts["th"])
        let image = try #require(heads.indices.first { heads[$0] == "Image" && heads[$0 + 1] == "State" })
        return try #require(heads[image...].firstIndex(of: title)) - image
    }

    @Test func theTableSortsAndFiltersAndThePageFits() async throws {
        let (visit, result) = try await visit()
        try expectSorting(result)
        try expectFiltering(result)
        let width = try #require(result["width"] as? [String: Int])
        #expect(try #require(width["frame"]) <= 400 && width["content"] == width["frame"], "\(width)")
        #expect(result["paper"] as? String == "rgb(255, 255, 255)")
        try expectContrast(result)

        // Names were text: nothing was made of them, asked for, or complained about.
        #expect(result["elements"] as? [String: Int] == ["script": 2, "img": 0])
        #expect(visit.requests == [])
        // That of the frame without scripts.
        #expect(visit.console.count == 1 && visit.console[0].contains("Blocked script execution"), "\(visit.console)")

        let plain = try #require(result["plain"] as? [String: Any])
        #expect(plain["names"] as? [String] == (try rows().map { "\($0[0])" }))
        #expect(plain["buttons"] as? Int == 0)
    }

    @Test func theDarkPageIsLegibleAndRunsNothingButItsOwnScript() async throws {
        let (visit, result) = try await visit(isDark: true, query: "?attack")
        #expect(result["paper"] as? String == "rgb(13, 17, 23)")
        try expectContrast(result)
        #expect(result["attack"] as? [String: String] == ["title": "Pool of QED images", "display": "block"])
        #expect(visit.requests == [])
        for directive in ["script-src", "style-src", "default-src"] {
            #expect(visit.console.contains { $0.contains("Content Security Policy") && $0.contains(directive) })
        }
    }

    @Test func aRequestWouldBeNoticed() async throws {
        let page = try fixture.directory.write(
            Array("<img src=\"http://127.0.0.1:9/control\">".utf8), to: "control.html")
        let visit = try await Browser(isDark: false).visit(page)
        #expect(visit.requests == ["http://127.0.0.1:9/control"])
    }

    // MARK: - Parts of the result

    private func expectSorting(_ result: [String: Any]) throws {
        for (title, isNumber) in [("Leaks", true), ("Image", false), ("State", false)] {
            let seen = try #require(result["sort" + title] as? [[String: Any]])
            let values = try rows().map { $0[try place(of: title)] }
            let none = values.filter { $0 is NSNull }.map { _ in "" }
            let ascending =
                isNumber
                ? values.compactMap { $0 as? Int }.sorted().map(String.init)
                : values.compactMap { $0 as? String }.sorted { $0.utf16.lexicographicallyPrecedes($1.utf16) }
            #expect(Set(ascending).count > 2)
            let orders = isNumber ? ["descending", "ascending"] : ["ascending", "descending"]
            #expect(seen.map { $0["order"] as? String } == orders, "\(title)")
            for (order, cells) in zip(orders, seen.map { $0["cells"] as? [String] }) {
                #expect(cells == (order == "ascending" ? ascending : ascending.reversed()) + none, "\(title), \(order)")
            }
        }
        #expect(result["sortMarks"] as? Int == 1)
    }

    private func expectFiltering(_ result: [String: Any]) throws {
        let count = try rows().count
        func status(_ key: String) throws -> String {
            try #require((result[key] as? [String: Any])?["status"] as? String)
        }
        let found = try #require(result["filtered"] as? [String: Any])
        #expect(found["names"] as? [String] == ["\(fixture.pool)/Needle.qed"])
        #expect(try status("filtered") == "1 of 1 rows that match, of \(count)")
        #expect(try status("none") == "0 of 0 rows that match, of \(count)")
        #expect(try status("all") == "\(count) of \(count) rows")
        let states = try #require((result["chosen"] as? [String: Any])?["states"] as? [String])
        #expect(Set(states) == ["corrupt"])
        #expect(states.count == (try rows().count { $0[1] as? String == "corrupt" }))
    }

    /// By WCAG 2, level AA, for text of ordinary size.
    private func expectContrast(_ result: [String: Any]) throws {
        let least = try #require(result["contrast"] as? [String: Any])
        let ratio = try #require(least["ratio"] as? Double)
        #expect(ratio >= 4.5 && ratio < 21, "\(least)")
    }
}
