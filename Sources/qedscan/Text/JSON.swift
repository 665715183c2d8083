import SQLite

/// A JSON value as text (RFC 8259): the one place where JSON is put together, so that every string is escaped.
struct JSON {
    /// What stands between the members of an object or the items of an array.
    enum Layout {
        /// One line, with a blank after each comma and colon.
        case line
        /// One line without blanks.
        case compact
        /// A line each, after this many blanks.
        case lines(indent: Int)
    }

    let text: String

    static let null = JSON(text: "null")

    private init(text: String) { self.text = text }

    init(_ string: String) { text = JSON.quoted(string) }
    init(_ flag: Bool) { text = String(flag) }
    init(_ number: some BinaryInteger) { text = String(number) }

    /// A blob becomes a string of hexadecimal digits; a number that JSON lacks becomes null.
    init(_ value: SQLiteValue) {
        switch value {
        case .null: self = .null
        case .integer(let number): self.init(number)
        case .real(let number): self.init(text: number.isFinite ? String(number) : "null")
        case .text(let text): self.init(text)
        case .blob(let bytes): self.init(bytes.hexadecimal)
        }
    }

    static func object(_ members: some Sequence<(String, JSON)>, _ layout: Layout = .line) -> JSON {
        let colon = if case .compact = layout { ":" } else { ": " }
        return group("{", members.map { quoted($0) + colon + $1.text }, "}", layout)
    }

    /// A row of an answer, each value under its column's name.
    static func object(_ columns: [String], _ row: [SQLiteValue]) -> JSON {
        object(zip(columns, row.map { JSON($0) }))
    }

    static func array(_ items: some Sequence<JSON>, _ layout: Layout = .line) -> JSON {
        group("[", items.map(\.text), "]", layout)
    }

    private static func group(_ opening: String, _ items: [String], _ closing: String, _ layout: Layout) -> JSON {
        let content =
            switch layout {
            case .line: items.joined(separator: ", ")
            case .compact: items.joined(separator: ",")
            case .lines(let indent):
                "\n" + items.map { String(repeating: " ", count: indent) + $0 }.joined(separator: ",\n") + "\n"
            }
        return JSON(text: opening + content + closing)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension [UInt8] {
    /// Two digits for each byte.
    var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
