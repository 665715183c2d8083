/// Names for files that are made beside those they replace: nobody can foretell one, and have something there already.
package enum TemporaryName {
    /// The name with a random number after it. In the same directory.
    package static func beside(_ path: RawPath) -> RawPath {
        let number = String(UInt64.random(in: .min ... .max), radix: 16)
        return RawPath(bytes: path.bytes + Array(".\(number).tmp".utf8))
    }
}
