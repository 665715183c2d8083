import Files
import Foundation
import Lab
import QED
import TestSupport
import Testing

/// Rows in every format, with names that were made to disturb.
@Suite(.endsInTime) struct RowFormatTests {
    private let fixture: ScanFixture
    private static let names: [[UInt8]] = [
        Array("plain.qed".utf8), Array("comma, \"quote\".qed".utf8), Array("line\nbreak\r.qed".utf8),
        Array("escape \u{1B}[31m\u{1B}]0;x\u{07}.qed".utf8), Array("c1 \u{9B}31m.qed".utf8),
        Array("bidi \u{202E}deq.img".utf8), Array("wide 日本語.qed".utf8), Array("-rf.qed".utf8),
        Array("bad ".utf8) + [0xFF, 0xFE] + Array(".qed".utf8), Array("back\\slash.qed".utf8),
    ]

    init() async throws {
        fixture = try ScanFixture()
        var plan = ImagePlan()
        plan.imageSize = 1 << 20
        plan.features = .needCheck
        for name in RowFormatTests.names {
            let path = RawPath(fixture.pool).appending(name)
            try ImageWriter(plan).write(to: path)
            try ImageEditor(path: path).write([7], at: 65536)
        }
        _ = try await fixture.run("scan", fixture.pool)
    }

    @Test func formatsAgree() async throws {
        let sql = """
            SELECT path, path_bytes, outcome, corruptions, leaks, 1.5 AS half, NULL AS empty
            FROM latest_check ORDER BY path
            """
        let rows = try await fixture.rows(sql)
        #expect(rows.count == RowFormatTests.names.count)
        let lines = try await fixture.run("query", "--format", "jsonl", sql).output.split(separator: "\n")
        let second = try lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? NSDictionary }
        #expect(second == rows.map { $0 as NSDictionary })

        let csv = parseCSV(try await fixture.run("query", "--format", "csv", sql).output)
        let columns = ["path", "path_bytes", "outcome", "corruptions", "leaks", "half", "empty"]
        #expect(csv.first == columns)
        #expect(csv.dropFirst().map { $0 } == rows.map { row in columns.map { text(row[$0]) } })
    }

    @Test func emptyAnswersAreValidInEachFormat() async throws {
        let sql = "SELECT path FROM image WHERE 0"
        #expect(try await fixture.run("query", "--format", "json", sql).output == "[]\n")
        #expect(try await fixture.run("query", "--format", "jsonl", sql).output == "")
        #expect(try await fixture.run("query", "--format", "csv", sql).output == "path\r\n")
        #expect(try await fixture.run("query", sql).output == "path\n")
    }

    private static let hostileTexts = [
        "<script>alert(1)</script>", "a\nb", "a\r\n| x | y |", "\u{1B}[31m", "a|b", "a\\|b", "end\\", "`code`", "``|``",
        "=cmd()", "+1", "-x", "@x", "\t=x", "\r=x", "\"><img src=x>", "' onload='x", "&lt;", "</td></table>", "日本",
    ]

    @Test(arguments: hostileTexts) func noTextBreaksOutOfItsCell(_ text: String) async throws {
        let sql = "SELECT :x AS x, -7 AS n, -0.5 AS r"
        func output(_ format: String) async throws -> String {
            try await fixture.run("query", "--format", format, "-p", "x=" + text, sql).output
        }
        let markdown = try await output("markdown").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(markdown.count == 4)
        #expect(markdown[0] == "| x | n | r |")
        let row = String(markdown[2]).replacingOccurrences(of: "\\\\", with: "").replacingOccurrences(
            of: "\\|", with: "")
        #expect(row.filter { $0 == "|" }.count == 4)
        #expect(!row.replacingOccurrences(of: "\\`", with: "").contains("`") && !row.contains("<"))

        let html = try await output("html")
        #expect(html.utf8.allSatisfy { $0 < 0x7F })
        let cell = try #require(html.firstRange(of: "<tr><td>")).upperBound
        let end = try #require(html.firstRange(of: "</td><td align=\"right\">-7</td>")).lowerBound
        #expect(!html[cell..<end].contains { "<>\"'\n".contains($0) })

        let fields = try await output("csv").unicodeScalars
        let value = String(String.UnicodeScalarView(fields.dropFirst("x,n,r\r\n".unicodeScalars.count)))
        let isFormula = text.unicodeScalars.first.map { "=+-@\t\r".unicodeScalars.contains($0) } ?? false
        let expected = (isFormula ? "'" : "") + text
        let isQuoted = expected.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
        let quoted = "\"" + expected.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        #expect(Array(value.utf8) == Array(((isQuoted ? quoted : expected) + ",-7,-0.5\r\n").utf8))

        let lines = try await output("json")
        let json = try JSONSerialization.jsonObject(with: Data(lines.utf8)) as? [[String: Any]]
        #expect(json?.first?["x"] as? String == text)
    }

    @Test func namesReachNoTerminalRaw() async throws {
        var outputs = [try await fixture.run("query", "SELECT * FROM latest_check")]
        outputs.append(try await fixture.run("report", "damaged"))
        outputs.append(try await fixture.run("report", "dirty"))
        for name in RowFormatTests.names where String(validating: name, as: UTF8.self) != nil {
            let path = fixture.pool + "/" + String(decoding: name, as: UTF8.self)
            outputs.append(try await fixture.run("show", path))
            outputs.append(try await fixture.run("show", path + "?"))
            outputs.append(try await fixture.run("check", "-v", path))
            outputs.append(try await fixture.run("check", path + "?"))
            outputs.append(try await fixture.run("scan", path + "?"))
            outputs.append(try await fixture.run("--db", path, "query", "SELECT 1"))
            outputs.append(try await fixture.run("--db", path + "?", "query", "SELECT 1"))
            outputs.append(try await fixture.run(path))
            outputs.append(try await fixture.run("report", path))
        }
        for output in outputs {
            #expect(!hasControlCharacters(output.output), "\(output.output.debugDescription)")
            #expect(!hasControlCharacters(output.errors), "\(output.errors.debugDescription)")
        }
    }

    @Test(arguments: ["日本", "👩‍👩‍👧‍👦", "e\u{301}\u{301}", "", "\u{1B}[31m", "a\nb"])
    func columnNamesOfAnyWidthAreAligned(_ name: String) async throws {
        let sql = "SELECT 1 AS \"\(name)\", 'x' AS \"\(name)\""
        let result = try await fixture.run("query", sql)
        #expect(result.status == 0)
        #expect(result.output.split(separator: "\n", omittingEmptySubsequences: false).count == 3)
        #expect(!hasControlCharacters(result.output))
    }

    @Test func colourIsOnlyForTerminals() async throws {
        let sql = "SELECT 1"
        #expect(!(try await fixture.run("query", sql).output.contains("\u{1B}")))
        #expect(try await fixture.run("query", "--color", "always", sql).output.contains("\u{1B}[1m"))
        #expect(!(try await fixture.run("scan", "--color", "never", fixture.pool).output.contains("\u{1B}")))
    }

    private func text(_ value: Any?) -> String {
        switch value {
        case let number as NSNumber: "\(number)"
        case let text as String: text
        default: ""
        }
    }

    /// RFC 4180.
    private func parseCSV(_ text: String) -> [[String]] {
        var (rows, row, field, quoted): ([[String]], [String], String, Bool) = ([], [], "", false)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "," where !quoted:
                row.append(field)
                field = ""
            case "\n" where !quoted:
                rows.append(row + [String(field.unicodeScalars.dropLast())])
                (row, field) = ([], "")
            default:
                if scalar == "\"" { quoted.toggle() }
                field.unicodeScalars.append(scalar)
            }
        }
        return rows.map { $0.map(unquoted) }
    }

    private func unquoted(_ field: String) -> String {
        guard field.hasPrefix("\"") else { return field }
        return String(field.unicodeScalars.dropFirst().dropLast()).replacingOccurrences(of: "\"\"", with: "\"")
    }
}
