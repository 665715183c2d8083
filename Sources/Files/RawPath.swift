import Glibc

/// The name of a file as the system has it: bytes without a NUL, in no particular encoding.
public struct RawPath: Hashable, Comparable, Sendable {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// The name as text; bytes that are not UTF-8 are written `\xNN`.
    public var text: String {
        String(validating: bytes, as: UTF8.self) ?? RawPath.escapingInvalidUTF8(bytes)
    }

    /// Whether `text` is the name itself, without any escape.
    public var isText: Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// The name within this directory.
    public func appending(_ name: [UInt8]) -> RawPath {
        let separator: [UInt8] = bytes.last == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]
        return RawPath(bytes: bytes + separator + name)
    }

    /// The directory that the last name is in: `.` if there is no other.
    package var directory: RawPath {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return RawPath(".") }
        return slash == 0 ? RawPath("/") : RawPath(bytes: Array(bytes[..<slash]))
    }

    /// The absolute name without symbolic links, as realpath(3) gives it.
    public func resolved() throws(SystemError) -> RawPath {
        guard let resolved = withCString({ realpath($0, nil) }) else { throw SystemError.last("realpath") }
        defer { free(resolved) }
        return RawPath(bytes: Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved))))
    }

    /// Calls a function with the name as a C string.
    public func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        RawPath.withCString(bytes, body)
    }

    public static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

    package static func withCString<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let terminated = bytes + [0]
        return terminated.withUnsafeBytes { buffer in
            // The array has at least the terminator, so the buffer has a base address.
            buffer.withMemoryRebound(to: CChar.self) { body($0.baseAddress.unsafelyUnwrapped) }
        }
    }

    private static func escapingInvalidUTF8(_ bytes: [UInt8]) -> String {
        var text = ""
        var decoder = UTF8()
        var rest = bytes[...]
        while !rest.isEmpty {
            var iterator = rest.makeIterator()
            if case .scalarValue(let scalar) = decoder.decode(&iterator) {
                text.unicodeScalars.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else if let bad = rest.popFirst() {
                text += "\\x" + (bad < 16 ? "0" : "") + String(bad, radix: 16)
            }
            decoder = UTF8()
        }
        return text
    }
}
