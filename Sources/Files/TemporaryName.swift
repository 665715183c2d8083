/// Names for files that are made beside those they replace: nobody can foretell one, and have something there already.
package enum TemporaryName {
    /// A random name in the directory of a path. Not longer for a long one.
    package static func beside(_ path: RawPath) -> RawPath {
        let number = String(UInt64.random(in: .min ... .max), radix: 16)
        let start = path.bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        return RawPath(bytes: path.bytes[..<start] + Array(".qedscan-\(number).tmp".utf8))
    }
}
