/// A piece of a page: XHTML that is well-formed by itself.
///
/// Literals are markup. Every text that is interpolated is escaped, so that it can be content or the value of an attribute
/// in double quotes.
struct Markup: ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral value: String) { text = value }
    init(stringInterpolation: Interpolation) { text = stringInterpolation.text }
    /// - Parameter trusted: markup that this program has made.
    init(trusted text: String) { self.text = text }

    static func + (left: Markup, right: Markup) -> Markup { Markup(trusted: left.text + right.text) }
    static func += (left: inout Markup, right: Markup) { left.text += right.text }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ value: String) { text += XML.escaping(value) }
        mutating func appendInterpolation(_ number: some BinaryInteger) { text += String(number) }
        mutating func appendInterpolation(_ markup: Markup) { text += markup.text }
    }
}

extension Sequence<Markup> {
    func joined() -> Markup { Markup(trusted: map(\.text).joined()) }
}

/// XML 1.0 text.
enum XML {
    /// A text as content or as the value of an attribute. Characters that XML does not allow become U+FFFD.
    static func escaping(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case _ where isAllowed(scalar): escaped.unicodeScalars.append(scalar)
            default: escaped += "\u{FFFD}"
            }
        }
        return escaped
    }

    /// Whether XML allows the character and does not discourage it.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x9, 0xA: true
        case 0x20..<0x7F, 0xA0..<0xFDD0, 0xFDF0..<0xFFFE: true
        case 0x10000...: scalar.value & 0xFFFE != 0xFFFE
        default: false
        }
    }
}
