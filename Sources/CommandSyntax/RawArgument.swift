import Files
import Glibc

/// One argument of the process, as bytes.
///
/// File names on Linux are bytes, not text, so arguments are decoded only to be shown.
package struct RawArgument: Hashable, Sendable {
    /// The exact bytes, without the closing NUL.
    package let bytes: [UInt8]

    /// An argument with exactly these bytes.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The UTF-8 bytes of `text`.
    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The argument as text; bytes that are not UTF-8 become U+FFFD, so this is not for opening files.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The argument made safe to print; see ``PrintableText``.
    package var printable: String { PrintableText.escaping(bytes) }

    /// The arguments this process was started with, without the program's own name.
    package static func processArguments() -> [RawArgument] {
        let vector = UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        return vector.dropFirst().compactMap { pointer in
            pointer.map { RawArgument(bytes: Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))) }
        }
    }
}
