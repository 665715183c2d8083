import CommandSyntax
import Files
import Glibc

/// The name that an image has in the store.
enum ImageName {
    /// The path, absolute and without links. If the image is gone, only its directory is resolved.
    static func resolve(_ path: RawPath) -> RawPath {
        do throws(SystemError) {
            return try path.resolved()
        } catch {
            return path.directory.resolvedOrNil?.appending(path.lastName) ?? path
        }
    }
}

extension [RawPath] {
    /// The paths of a scan on one line, safe to print.
    var printable: String { map { PrintableText.escaping($0.bytes) }.joined(separator: " ") }
}

extension RawPath {
    /// The name that a root has in the store: without links, or as given if it does not exist.
    var resolvedIfThere: RawPath { resolvedOrNil ?? self }
}

/// This machine.
enum Host {
    /// gethostname(2).
    static var name: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
