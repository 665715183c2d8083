import Files

/// The name of a backing file as it stands in a header, and how QEMU reads it. This is about text only: nothing is
/// opened.
package struct BackingName: Hashable, Sendable {
    /// Without NULs: the name in a header ends at the first one.
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package enum Kind: String, CaseIterable, Sendable {
        /// A file that the overlay's path and the name lead to.
        case file
        /// A name for one of QEMU's drivers, or a file relative to the directory in which QEMU runs.
        case protocolName = "protocol"
        /// A JSON description of a whole chain.
        case json
    }

    /// What the name leads to.
    package enum Target: Hashable, Sendable {
        /// The path to open. It is not normalised: the system resolves `..` after the links before it, as it does for
        /// QEMU.
        case path(RawPath)
        case protocolName
        case json

        package var kind: Kind {
            switch self {
            case .path: .file
            case .protocolName: .protocolName
            case .json: .json
            }
        }
    }

    private static let filePrefix = Array("file:".utf8)

    /// What QEMU would open for an overlay at an absolute path.
    package func target(overlay: RawPath) -> Target {
        if bytes.starts(with: "json:".utf8) { return .json }
        guard hasProtocol else {
            let path = RawPath(bytes: bytes)
            return .path(path.isAbsolute ? path : overlay.sibling(bytes))
        }
        let rest = bytes.dropFirst(BackingName.filePrefix.count)
        // Without a slash it is relative to the directory in which QEMU runs, not to the overlay's.
        guard bytes.starts(with: BackingName.filePrefix), rest.first == RawPath.separator else { return .protocolName }
        return .path(RawPath(bytes: Array(rest)))
    }

    /// Whether QEMU takes the name for that of a protocol: a colon comes before any slash.
    private var hasProtocol: Bool {
        let colon = UInt8(ascii: ":")
        return bytes.first { $0 == colon || $0 == RawPath.separator } == colon
    }
}
