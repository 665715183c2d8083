import CommandSyntax
import Files

/// Words for command lines to copy into bash, zsh or ksh.
enum ShellWord {
    /// The bytes as one word: bare, in single quotes, or in `$'…'` if something in them is not printable UTF-8.
    static func quoting(_ bytes: [UInt8]) -> String {
        guard let text = String(validating: bytes, as: UTF8.self),
            text == PrintableText.escaping(text, doublingBackslashes: false)
        else { return "$'" + bytes.map(escaping).joined() + "'" }
        guard text.isEmpty || !bytes.allSatisfy(isBare) else { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/._-+,:@%".utf8.contains(byte)
        }
    }

    /// In octal, which has a fixed length: some shells take more than two digits after `\x`.
    private static func escaping(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\\"): "\\" + String(Unicode.Scalar(byte))
        case 0x20..<0x7F: String(Unicode.Scalar(byte))
        default: "\\" + String(repeating: "0", count: byte < 8 ? 2 : byte < 64 ? 1 : 0) + String(byte, radix: 8)
        }
    }
}
