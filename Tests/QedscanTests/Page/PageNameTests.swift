import Files
import Foundation
import Glibc
import QED
import TestSupport
import Testing

@testable import CommandSyntax
@testable import qedscan

/// Names that contain markup, scripts or shell commands.
@Suite(.endsInTime) struct PageNameTests {
    private static let names: [[UInt8]] = [
        Array("<script>alert(1)<script>.qed".utf8), Array("\"'><svg onload=alert(1)>.qed".utf8),
        Array("]]><!--.qed".utf8), Array("&lt;&amp;.qed".utf8), Array("line\nbreak\r.qed".utf8),
        Array("\u{2028}\u{202E}\u{7}.qed".utf8), Array("$(touch x)`id`\\.qed".utf8), Array("noncharacter\u{FFFF}".utf8),
        [0x66, 0xFF, 0xFE, 0x27, 0x5C] + Array(".qed".utf8),
    ]

    private let fixture: ScanFixture

    init() async throws {
        fixture = try ScanFixture()
        let sample = try fixture.addImage("plain.qed", "two neighbours share a cluster, 4K/1")
        let bytes = try Data(contentsOf: URL(filePath: sample))
        // A slash can be in a name of the path only between directories.
        try FileManager.default.createDirectory(atPath: "\(fixture.pool)/<", withIntermediateDirectories: false)
        _ = try fixture.directory.write(bytes, to: "pool/</script><script>alert(1)<!--")
        for name in PageNameTests.names {
            let path = RawPath("\(fixture.pool)").appending(name)
            let descriptor = path.withCString { open($0, O_WRONLY | O_CREAT | O_EXCL, 0o600) }
            try #require(descriptor >= 0)
            #expect(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
            close(descriptor)
        }
        _ = try await fixture.run("scan", fixture.pool)
    }

    private var paths: [RawPath] {
        PageNameTests.names.map { RawPath(fixture.pool).appending($0) } + [
            RawPath("\(fixture.pool)/</script><script>alert(1)<!--")
        ]
    }

    /// As the store has a name, without what could disturb a reader.
    private static func shown(_ path: RawPath) -> String {
        PrintableText.escaping(path.text, doublingBackslashes: false)
    }

    @Test func namesAreTextInThePageAndInItsData() async throws {
        let text = try await fixture.page()
        let page = try ParsedPage(text)
        #expect(Set(page.elements.map(\.name)).isDisjoint(with: ["img", "iframe", "object", "link", "base", "form"]))
        #expect(page.elements("script").count == 2)
        #expect(
            text.components(separatedBy: "<script").count == 3 && text.components(separatedBy: "</script").count == 3)
        #expect(!text.contains("<!--"))
        #expect(page.elements.allSatisfy { $0.attributes.keys.allSatisfy { !$0.hasPrefix("on") } })
        #expect(!hasControlCharacters(text) && !text.unicodeScalars.contains("\u{2028}"))
        let rows = try #require(try page.data()["rows"] as? [[Any]])
        let inData = Set(rows.compactMap { $0.first as? String })
        let headings = Set(page.texts["h3"] ?? [])
        for path in paths {
            #expect(inData.contains(PageNameTests.shown(path)))
            #expect(headings.contains(PageNameTests.shown(path)), "\(PageNameTests.shown(path))")
        }
    }

    @Test func commandsNameTheVeryFile() async throws {
        let shell = try #require(Tool("bash"))
        let page = try ParsedPage(try await fixture.page())
        let commands = try #require(page.texts["pre"])
        #expect(commands.count == paths.count + 1)
        var named: Set<[UInt8]> = []
        for (number, command) in commands.enumerated() {
            let output = fixture.directory.file("words-\(number)")
            // The program is a function that prints its arguments, each with a NUL.
            let script = "qedscan() { printf '%s\\0' \"$@\" > \"$OUT\"; }\n" + command
            let result = try await shell.run(["-c", script], environment: ["OUT": output])
            #expect(result.status == 0 && result.errors == "", "\(result.errors)")
            let words = try Array(Data(contentsOf: URL(filePath: output))).split(separator: 0)
            #expect(
                words.dropLast().map { String(decoding: $0, as: UTF8.self) } == ["repair", "--db", fixture.store, "-n"])
            named.insert(Array(try #require(words.last)))
        }
        for path in paths { #expect(named.contains(path.bytes), "\(PageNameTests.shown(path))") }
    }

    @Test func wordsAreQuotedOnlyWhereTheyNeedIt() {
        #expect(ShellWord.quoting(Array("/a/b-1.qed".utf8)) == "/a/b-1.qed")
        #expect(ShellWord.quoting([]) == "''")
        #expect(ShellWord.quoting(Array("it's".utf8)) == "'it'\\''s'")
        #expect(ShellWord.quoting(Array("ä b".utf8)) == "'ä b'")
        #expect(ShellWord.quoting([0x61, 0xFF, 0x31, 0x0A]) == "$'a\\3771\\012'")
    }
}
