import Foundation
import Glibc
import Lab
import QED
import TestSupport
import Testing

/// The map in `show`.
@Suite(.endsInTime) struct ShowMapTests {
    private let fixture: ScanFixture
    private let path: String

    init() async throws {
        fixture = try ScanFixture()
        path = try fixture.addImage("disk.qed", "two neighbours share a cluster, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
    }

    @Test func theMapIsBetweenFindingsAndHistory() async throws {
        let output = try await fixture.run("show", path).output
        let sections = ["\nfindings\n", "\nmap\nfile: 12 clusters of 4.0 KiB", "  H12SL", "\nguest: ", "\nhistory\n"]
        let places = sections.map { output.firstRange(of: $0)?.lowerBound }
        #expect(places.allSatisfy { $0 != nil } && places.compactMap(\.self) == places.compactMap(\.self).sorted())
        #expect(
            output.split(separator: "\n").drop { $0 != "map" }.prefix { $0 != "history" }.allSatisfy { $0.count <= 80 })
        #expect(!output.contains("\u{1B}"))
        #expect(try await fixture.run("show", "--color", "always", path).output.contains("\u{1B}[31mS\u{1B}[0m"))
    }

    @Test func mapCanBeLeftOut() async throws {
        #expect(!(try await fixture.run("show", "--no-map", path).output.contains("\nmap\n")))
        #expect(try await json("--no-map")["map"] == nil)
        #expect(!(try await fixture.run("show", "--format", "csv", path).output.contains("map")))
    }

    @Test func jsonHasTheTotals() async throws {
        let map = try #require(try await json()["map"] as? [String: Any])
        let file = try #require(map["file"] as? [String: Int])
        #expect(file["clusters"] == 12 && file["shared"] == 1 && file["leaked"] == 1 && file["header"] == 1)
        #expect(file.filter { $0.key != "clusters" }.values.reduce(0, +) == 12)
        let guest = try #require(map["guest"] as? [String: Int])
        #expect(guest["clusters"] == 1024 && guest["allocated"] == 7 && guest["shared"] == 1)
        #expect((map["entries"] as? [String: Int])?["shared_references"] == 1)
        #expect(map["complete"] as? Bool == true)
    }

    @Test func changedFileHasNoMapAndThatIsNoError() async throws {
        try ImageEditor(path: path).writeL2(0, at: 1, of: 0)
        try await expectNoMap("the file has changed since it was checked")
    }

    @Test func fileThatIsGoneHasNoMapAndThatIsNoError() async throws {
        unlink(path)
        try await expectNoMap("the file cannot be read: No such file or directory")
    }

    @Test func fifoInPlaceOfTheImageIsNotWaitedFor() async throws {
        unlink(path)
        mkfifo(path, 0o644)
        try await expectNoMap("it is not a regular file")
    }

    @Test func imageInUseHasNoMapAndThatIsNoError() async throws {
        let file = open(path, O_RDWR | O_CLOEXEC)
        defer { close(file) }
        // As QEMU's writers do; of this process, so a record lock is enough.
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 101
        lock.l_len = 1
        try #require(fcntl(file, F_SETLK, &lock) == 0)
        try await expectNoMap("the image is in use: ")
    }

    @Test func svgIsWrittenWhole() async throws {
        let svg = fixture.directory.file("map.svg")
        let result = try await fixture.run("show", "--no-map", "--svg", svg, path)
        #expect(result.status == 0)
        #expect(!result.output.contains("\nmap\n"))
        let text = try String(contentsOfFile: svg, encoding: .utf8)
        #expect(text.hasPrefix("<?xml ") && text.hasSuffix("</svg>\n") && text.contains(path))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path).allSatisfy {
                !$0.hasSuffix(".tmp")
            })
    }

    @Test func svgThatCannotBeWrittenIsAnError() async throws {
        let result = try await fixture.run("show", "--svg", fixture.directory.file("no/such/map.svg"), path)
        #expect(result.status == 8)
        #expect(result.errors.contains("map.svg"))
        #expect(result.output.contains("\nmap\n"))
    }

    @Test func nameOfAnyKindIsEscapedInTheSVG() async throws {
        let name = "<b>&\u{1B}[31m \u{202E}.qed"
        let path = try fixture.addImage(name, "sound, 4K/1")
        _ = try await fixture.run("scan", fixture.pool)
        let svg = fixture.directory.file("map.svg")
        #expect(try await fixture.run("show", "--svg", svg, path).status == 0)
        let text = try String(contentsOfFile: svg, encoding: .utf8)
        #expect(text.contains("&lt;b&gt;&amp;\\x1B[31m \\xE2\\x80\\xAE.qed"))
        #expect(!hasControlCharacters(text))
    }

    private func expectNoMap(_ reason: String) async throws {
        let result = try await fixture.run("show", path)
        #expect(result.status == 0)
        #expect(result.errors == "")
        #expect(result.output.contains("\nmap\nnot shown: " + reason), "\(result.output)")
        let map = try await json()["map"] as? [String: Any]
        #expect((map?["unavailable"] as? String)?.hasPrefix(reason) == true)
        let svg = fixture.directory.file("map.svg")
        let drawn = try await fixture.run("show", "--svg", svg, path)
        #expect(drawn.status == 8)
        #expect(drawn.errors.contains(reason))
        #expect(!FileManager.default.fileExists(atPath: svg))
    }

    private func json(_ options: String...) async throws -> [String: Any] {
        let result = try await fixture.run(["show", "--format", "json"] + options + [path])
        #expect(result.status == 0)
        return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }
}
