/// A piece of the page: XHTML that is well-formed by itself.
///
/// Only literals of this program are taken as they stand. Every text that is put in is escaped, so that it can be content
/// or the value of an attribute in double quotes.
struct Markup: ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral value: String) { text = value }
    init(stringInterpolation: Interpolation) { text = stringInterpolation.text }
    /// - Parameter trusted: markup already: of the program's own making and escaped.
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
