import CMessageDigest

/// The hash by which a Content-Security-Policy allows a script or a style.
enum ContentHash {
    /// `'sha256-…'`, in base64.
    static func source(of text: String) -> String {
        var context = SHA2_CTX()
        SHA256Init(&context)
        let bytes = Array(text.utf8)
        SHA256Update(&context, bytes, bytes.count)
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        digest.withUnsafeMutableBufferPointer { SHA256Final($0.baseAddress, &context) }
        return "'sha256-\(base64(digest))'"
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".unicodeScalars)
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = (0..<3).reduce(UInt32(0)) { word, place in
                word << 8 | (place < group.count ? UInt32(group[start + place]) : 0)
            }
            for place in 0..<4 {
                let isPadding = place > group.count
                text.unicodeScalars.append(isPadding ? "=" : alphabet[Int(word >> UInt32(18 - 6 * place) & 63)])
            }
        }
        return text
    }
}
