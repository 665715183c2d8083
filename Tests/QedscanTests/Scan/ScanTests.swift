import Corpus
import Foundation
import Lab
import TestSupport
import Testing

@Suite(.endsInTime) struct ScanTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func onlyAChangedImageIsCheckedAgain() async throws {
        for number in 1...3 { try fixture.addImage("\(number).qed") }
        try fixture.addImage("leaking.qed", "one cluster more at the end, 4K/1")
        try fixture.addImage("bad.qed", "feature bit 3, 4K/1")
        try await fixture.ageImages()
        #expect(try await fixture.run("scan", fixture.pool).status == 2 | 8)
        #expect(try await fixture.checkCount() == 5)
        let second = try await fixture.run("scan", fixture.pool)
        #expect(second.status == 2 | 8)
        #expect(try await fixture.checkCount() == 5, "an unchanged pool adds no rows")
        #expect(try await fixture.number("SELECT reused FROM scan ORDER BY id DESC") == 4)

        try ImageEditor(path: "\(fixture.pool)/2.qed").truncate(to: 20 * 4096)
        #expect(try await fixture.run("scan", fixture.pool).status == 2 | 8)
        #expect(try await fixture.checkCount() == 6)
        #expect(try await fixture.number("SELECT count(*) FROM latest_check WHERE outcome = 'leaking'") == 2)
    }

    @Test func fullAndMaxAgeCheckAgain() async throws {
        for number in 1...3 { try fixture.addImage("\(number).qed") }
        try await fixture.ageImages()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        #expect(try await fixture.run("scan", "--max-age", "1h", fixture.pool).status == 0)
        #expect(try await fixture.checkCount() == 3)
        #expect(try await fixture.run("scan", "--full", fixture.pool).status == 0)
        #expect(try await fixture.checkCount() == 6)
        #expect(try await fixture.run("scan", "--max-age", "0", fixture.pool).status == 0)
        #expect(try await fixture.checkCount() == 9)
        #expect(try await fixture.run("scan", "--max-age", "99999999999d", fixture.pool).status == 0)
        #expect(try await fixture.checkCount() == 9)
    }

    @Test func anImageNamedAsRootIsReusedToo() async throws {
        let path = try fixture.addImage()
        try await fixture.ageImages()
        for _ in 0..<2 { #expect(try await fixture.run("scan", path).status == 0) }
        #expect(try await fixture.checkCount() == 1)
    }

    @Test func anImageJustWrittenIsNotTrusted() async throws {
        // On a slow machine it may already be two seconds old when the first scan checks it, and is trusted then.
        for attempt in 1...20 {
            try fixture.addImage("\(attempt).qed")
            for _ in 0..<2 { #expect(try await fixture.run("scan", fixture.pool).status == 0) }
            let results =
                "FROM check_result JOIN image ON image.id = image_id WHERE path LIKE '%/\(attempt).qed' "
                + "ORDER BY check_result.id LIMIT 1"
            let isYoung = try await fixture.number(
                "SELECT ctime_ns > (unixepoch(checked_at) - 2) * 1000000000 \(results)")
            let checks = try await fixture.number("SELECT count(*) \(results)")
            #expect(checks == (isYoung == 1 ? 2 : 1))
            if isYoung == 1 { return }
        }
        Issue.record("no scan came to an image within two seconds")
    }

    @Test func quietPrintsNothingForACleanPool() async throws {
        try fixture.addImage()
        let clean = try await fixture.run("scan", "-q", fixture.pool)
        #expect((clean.status, clean.output, clean.errors) == (0, "", ""))
        try fixture.addImage("leaking.qed", "one cluster more at the end, 4K/1")
        let leaking = try await fixture.run("scan", "-q", fixture.pool)
        #expect(leaking.status == 2)
        #expect(leaking.output.contains("leaking"))
    }

    @Test func progressIsForTerminalsUnlessAskedFor() async throws {
        try fixture.addImage()
        #expect(try await fixture.run("scan", fixture.pool).errors == "")
        #expect(try await fixture.run("scan", "--progress", "always", fixture.pool).errors.contains("\u{1B}[K"))
    }

    @Test(arguments: [128, 2000]) func manyRootsAreScanned(count: Int) async throws {
        try fixture.addImage()
        let result = try await fixture.run(["scan"] + [String](repeating: fixture.pool, count: count))
        #expect(result.status == 0, "\(result.errors)")
        #expect(try await fixture.number("SELECT json_array_length(roots) FROM scan") == count)
    }

    @Test func manyDirectoriesNeedFewOpenFiles() async throws {
        guard let prlimit = Tool("prlimit") else {
            print("skipped: there is no prlimit")
            return
        }
        for number in 1...300 {
            _ = try fixture.directory.makeDirectory("pool/\(number)")
            try fixture.addImage("\(number)/disk.qed")
        }
        let limited = ["--nofile=128:128", fixture.tool.path, "scan", "-j", "8", fixture.pool]
        let result = try await prlimit.run(limited, environment: fixture.environment)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test func aRemovedImageIsNotPresentAndComesBack() async throws {
        try fixture.addImage("1.qed")
        let path = try fixture.addImage("2.qed")
        _ = try await fixture.run("scan", fixture.pool)
        try FileManager.default.removeItem(atPath: path)
        _ = try await fixture.run("scan", fixture.pool)
        let present = "SELECT sum(present) FROM latest_check"
        #expect(try await fixture.number(present) == 1)
        _ = try fixture.addImage("2.qed")
        _ = try await fixture.run("scan", fixture.pool)
        #expect(try await fixture.number(present) == 2)
    }

    @Test func theStoreMayBeInThePool() async throws {
        try fixture.addImage()
        let store = "\(fixture.pool)/store.db"
        let environment = ["QEDSCAN_DB": store]
        for _ in 0..<2 {
            let result = try await fixture.run(["scan", fixture.pool, store], environment: environment)
            #expect(result.status == 0, "\(result.errors)")
        }
        let sql = "SELECT max(files_seen) AS n FROM scan"
        let seen = try await fixture.run(["query", "--format", "csv", sql], environment: environment)
        #expect(seen.output == "n\r\n1\r\n")
    }
}
