import Glibc

/// A directory for files that a target needs, in `$TMPDIR`; `make fuzz` removes that.
package enum ScratchDirectory {
    package static let path: String = {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/qedscan-fuzz-XXXXXX".utf8CString)
        require(mkdtemp(&template) != nil, "no directory can be made in \(parent)")
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()

    /// A file's path.
    package static func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a file of these bytes, or makes its bytes these.
    package static func write(_ bytes: [UInt8], to name: String) {
        let descriptor = open(file(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        require(descriptor >= 0, "\(file(name)) cannot be written")
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            require(count > 0, "\(file(name)) cannot be written")
            rest = rest.dropFirst(count)
        }
    }

    /// The bytes of a file; none if it is not there.
    package static func read(_ path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = Glibc.read(descriptor, &piece, piece.count), count > 0 { bytes += piece[..<count] }
        return bytes
    }

    /// Removes a file if it is there.
    package static func remove(_ name: String) { unlink(file(name)) }
}
