/// The one way to escape bytes that a user or a disk supplied: each byte as `\xNN`, with digits in lower case.
private enum Escaping {
    /// The text of the bytes. Bytes that are not UTF-8 are escaped, and so are the characters that `isEscaped` names.
    static func text(_ bytes: [UInt8], isEscaped: (Unicode.Scalar) -> Bool, doublingBackslashes: Bool) -> String {
        var parser = Unicode.UTF8.ForwardParser()
        var source = bytes.makeIterator()
        var position = 0
        var text = ""
        while true {
            switch parser.parseScalar(from: &source) {
            case .valid(let encoded):
                let scalar = Unicode.UTF8.decode(encoded)
                if scalar == "\\", doublingBackslashes {
                    text += "\\\\"
                } else if isEscaped(scalar) {
                    text += hexadecimal(encoded)
                } else {
                    text.unicodeScalars.append(scalar)
                }
                position += encoded.count
            case .error(let length):
                text += hexadecimal(bytes[position..<position + length])
                position += length
            case .emptyInput:
                return text
            }
        }
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "\\x0" : "\\x") + String($0, radix: 16) }.joined()
    }
}

/// Text that cannot disturb a terminal or a log.
package enum PrintableText {
    /// Printable characters stay as they are. Bytes that are not UTF-8, and the bytes of characters that control a
    /// terminal, format text or separate lines, become `\xNN`. Backslashes are doubled, so the result is unambiguous.
    ///
    /// - Parameter doublingBackslashes: false for text that is escaped already, such as the store's paths.
    package static func escaping(_ bytes: [UInt8], doublingBackslashes: Bool = true) -> String {
        Escaping.text(bytes, isEscaped: { !isPrintable($0) }, doublingBackslashes: doublingBackslashes)
    }

    /// The same for text that is known to be UTF-8.
    package static func escaping(_ text: String, doublingBackslashes: Bool = true) -> String {
        escaping(Array(text.utf8), doublingBackslashes: doublingBackslashes)
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: false
        default: true
        }
    }
}

extension String {
    /// The message without characters that could disturb a terminal. Its backslashes stay as they are.
    package var escapingControlCharacters: String { PrintableText.escaping(self, doublingBackslashes: false) }

    /// The bytes as text. Bytes that are not UTF-8 become `\xNN`. The store keeps paths in this form, so it never
    /// changes.
    init(escapingInvalidUTF8 bytes: [UInt8]) {
        self =
            String(validating: bytes, as: UTF8.self)
            ?? Escaping.text(bytes, isEscaped: { _ in false }, doublingBackslashes: false)
    }
}
