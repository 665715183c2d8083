/// Writes plain text so that mdoc shows exactly that text.
enum MdocText {
    /// Special characters escaped; what begins with a point or quote is still taken for a request.
    private static func escape(_ text: some StringProtocol) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += "\\e"
            case "\"": result += "\\(dq"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "-": result += "\\-"
            case "~": result += "\\(ti"
            case "^": result += "\\(ha"
            case " "..."~": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0xA0: result += " "
            default: result += "\\[u\(hex(scalar.value))]"
            }
        }
    }

    /// One argument of a macro, whatever it contains, never taken for a macro or for punctuation.
    static func argument(_ text: String) -> String {
        let escaped = escape(text)
        let plain = escaped.count <= 3 ? "\\&" + escaped : escaped
        return plain.contains(" ") ? "\"\(plain)\"" : plain
    }

    /// Running text in lines of moderate length, with each sentence on a line of its own.
    static func paragraph(_ text: String) -> [String] {
        sentences(text).flatMap { sentence in
            TextLayout(width: 72).fill(escape(sentence)).map { line in
                line.hasPrefix(".") ? "\\&" + line : line
            }
        }
    }

    private static func sentences(_ text: String) -> [String] {
        let words = text.split(whereSeparator: \.isWhitespace)
        var sentences: [[Substring]] = [[]]
        for (word, next) in zip(words, words.dropFirst() + [""]) {
            sentences[sentences.count - 1].append(word)
            let body = word.reversed().drop { "\"')]".contains($0) }
            if let end = body.first, ".!?".contains(end), next.first?.isUppercase ?? false { sentences.append([]) }
        }
        return sentences.filter { !$0.isEmpty }.map { $0.joined(separator: " ") }
    }

    private static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
