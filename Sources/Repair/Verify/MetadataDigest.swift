import Files
import QED

/// A digest of everything in an image that is not guest data: header, backing file name, tables.
///
/// It leaves out the data clusters: a guest that writes in place does not change it.
enum MetadataDigest {
    /// The fingerprint of an image.
    static func fingerprint(
        of source: any ImageSource, identity: FileIdentity, limits: CheckLimits
    ) throws(RepairFailure) -> ImageFingerprint {
        let bytes = try RepairFailure.wrap { () throws(SystemError) in
            try source.bytes(at: ByteOffset(0), count: Header.byteCount)
        }
        let header = bytes.withUnsafeBytes { Header(decoding: $0) }
        var digest = SHA256()
        digest.update(bytes)
        if header.namesBackingFile {
            let count = Int(min(header.backingFilenameSize, Header.maximumBackingFilenameSize))
            let name = try RepairFailure.wrap { () throws(SystemError) in
                try source.bytes(at: ByteOffset(UInt64(header.backingFilenameOffset)), count: count)
            }
            digest.update(name)
        }
        let whole = OverlaySource(completing: source, header: header)
        if let geometry = Geometry.ofUsable(header, fileSize: whole.size) {
            digest.update(try TableDigest.digest(of: whole, geometry: geometry, limits: limits))
        }
        return ImageFingerprint(identity: identity, header: bytes, metadata: digest.finish())
    }
}

extension Geometry {
    /// nil if the header cannot be used.
    static func ofUsable(_ header: Header, fileSize: UInt64) -> Geometry? {
        do throws(HeaderFault) {
            return try Geometry(validating: header, fileSize: fileSize)
        } catch {
            return nil
        }
    }
}
