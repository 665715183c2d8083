import Testing

@testable import embed_assets

struct StringLiteralTests {
    @Test(arguments: [
        "", "SELECT 'it''s';\n", "\"quoted\" \\(interpolated) \\n \\u{41}", "#\"\"\"# \"\"\" ##\"\"\"##",
        "tab\t, CR\r\n, \r",
        "\0\u{1}\u{1B}[31m\u{7F}\u{85}", "ü e\u{301} \u{2028} \u{FEFF} \u{202E} 漢字 🧪", "trailing backslash \\",
    ])
    func aLiteralKeepsEveryScalar(text: String) throws {
        let literal = literal(text)
        #expect(literal.unicodeScalars.allSatisfy { (" "..."~").contains($0) })
        #expect(try Array(#require(Self.value(of: literal)).unicodeScalars) == Array(text.unicodeScalars))
    }

    /// Reads a Swift literal by the language's rules for the escapes `\"`, `\\`, `\n` and `\u{…}`; nil for any other.
    private static func value(of literal: String) -> String? {
        guard literal.count >= 2, literal.first == "\"", literal.last == "\"" else { return nil }
        var rest = literal.dropFirst().dropLast()
        var result = String.UnicodeScalarView()
        while let character = rest.popFirst() {
            guard character == "\\" else {
                guard character != "\"" else { return nil }
                result += character.unicodeScalars
                continue
            }
            switch rest.popFirst() {
            case "\"": result.append("\"")
            case "\\": result.append("\\")
            case "n": result.append("\n")
            case "u":
                guard rest.popFirst() == "{", let end = rest.firstIndex(of: "}") else { return nil }
                guard let scalar = UInt32(rest[..<end], radix: 16).flatMap(Unicode.Scalar.init) else { return nil }
                result.append(scalar)
                rest = rest[end...].dropFirst()
            default: return nil
            }
        }
        return String(result)
    }
}
