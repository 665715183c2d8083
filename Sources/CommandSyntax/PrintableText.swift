/// Turns bytes from the user or a disk into text that cannot disturb a terminal or a log.
package enum PrintableText {
    /// Printable characters stay as they are. Bytes that are not UTF-8 and the bytes of control, formatting and
    /// line-separating characters are written `\xNN`; a backslash is doubled, so the result is unambiguous.
    ///
    /// - Parameter doublingBackslashes: false for text that is already escaped, as paths in the store are.
    package static func escaping(_ bytes: [UInt8], doublingBackslashes: Bool = true) -> String {
        var parser = Unicode.UTF8.ForwardParser()
        var source = bytes.makeIterator()
        var position = 0
        var text = ""
        while true {
            switch parser.parseScalar(from: &source) {
            case .valid(let encoded):
                append(Unicode.UTF8.decode(encoded), to: &text, doublingBackslashes: doublingBackslashes)
                position += encoded.count
            case .error(let length):
                text += hexEscapes(bytes[position..<position + length])
                position += length
            case .emptyInput:
                return text
            }
        }
    }

    /// The same for text that is known to be UTF-8.
    package static func escaping(_ text: String, doublingBackslashes: Bool = true) -> String {
        escaping(Array(text.utf8), doublingBackslashes: doublingBackslashes)
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String, doublingBackslashes: Bool) {
        if scalar == "\\", doublingBackslashes {
            text += "\\\\"
        } else if isPrintable(scalar) {
            text.unicodeScalars.append(scalar)
        } else {
            text += hexEscapes(String(scalar).utf8)
        }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }

    private static func hexEscapes(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "\\x0" : "\\x") + String($0, radix: 16, uppercase: true) }.joined()
    }
}
