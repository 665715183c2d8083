import Glibc

/// The name of a file as the system knows it: bytes without a NUL, in no particular encoding.
public struct RawPath: Hashable, Comparable, Sendable {
    public let bytes: [UInt8]

    public init(bytes: [UInt8]) { self.bytes = bytes }
    public init(_ text: String) { bytes = Array(text.utf8) }

    /// The name as text; bytes that are not UTF-8 become `\xNN`.
    public var text: String { String(escapingInvalidUTF8: bytes) }

    /// Whether `text` is the name itself, without escapes.
    public var isText: Bool { String(validating: bytes, as: UTF8.self) != nil }

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
}

// MARK: - Directories and names

extension RawPath {
    /// What separates the names of a path.
    package static let separator = UInt8(ascii: "/")

    package var isAbsolute: Bool { bytes.first == RawPath.separator }

    /// The path of a name in this directory.
    public func appending(_ name: [UInt8]) -> RawPath {
        RawPath(bytes: bytes + (bytes.last == RawPath.separator ? [] : [RawPath.separator]) + name)
    }

    /// The path of another name in the directory that holds this one.
    package func sibling(_ name: [UInt8]) -> RawPath { RawPath(bytes: bytes[..<lastNameStart] + name) }

    /// The directory that holds the last name: `.` if the path is a single name.
    package var directory: RawPath {
        guard let slash = bytes.lastIndex(of: RawPath.separator) else { return RawPath(".") }
        return slash == 0 ? RawPath("/") : RawPath(bytes: Array(bytes[..<slash]))
    }

    /// What follows the last slash; empty if the path ends with one.
    package var lastName: [UInt8] { Array(bytes[lastNameStart...]) }

    /// Where `lastName` begins.
    package var lastNameStart: Int { (bytes.lastIndex(of: RawPath.separator) ?? -1) + 1 }

    /// The names between the slashes.
    package var names: [ArraySlice<UInt8>] { bytes.split(separator: RawPath.separator) }

    /// A directory above a path.
    package struct Ancestor {
        package let path: RawPath
        /// Where the rest of the path begins, after the slash.
        package let restStart: Int
    }

    /// The directories above this path, from the top: `/`, `/var` and `/var/lib` of `/var/lib/file`.
    package var ancestors: some Sequence<Ancestor> {
        bytes.indices.lazy.filter { bytes[$0] == RawPath.separator }.map { slash in
            Ancestor(
                path: RawPath(bytes: slash == 0 ? [RawPath.separator] : Array(bytes[..<slash])), restStart: slash + 1)
        }
    }

    /// Whether this is the given path, or below it.
    package func isWithin(_ directory: RawPath) -> Bool {
        guard bytes.starts(with: directory.bytes) else { return false }
        return bytes.count == directory.bytes.count || directory.bytes.last == RawPath.separator
            || bytes[directory.bytes.count] == RawPath.separator
    }

    /// The same path without slashes at its end; of slashes alone one stays.
    package var withoutTrailingSlashes: RawPath {
        let end = bytes.lastIndex { $0 != RawPath.separator } ?? 0
        return RawPath(bytes: Array(bytes.prefix(end + 1)))
    }
}

// MARK: - Symbolic links

extension RawPath {
    /// The absolute path without symbolic links: realpath(3).
    public func resolved() throws(SystemError) -> RawPath {
        guard let resolved = withCString({ realpath($0, nil) }) else { throw SystemError.last("realpath") }
        defer { free(resolved) }
        return RawPath(bytes: Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved))))
    }

    /// The absolute path without symbolic links; nil if it leads nowhere.
    package var resolvedOrNil: RawPath? {
        do throws(SystemError) {
            return try resolved()
        } catch {
            return nil
        }
    }
}
