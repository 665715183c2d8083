import Files

/// The name of a backing file as a header has it, and what QEMU makes of it. Only text: nothing is opened.
package struct BackingName: Hashable, Sendable {
    /// Without NULs, as a header's ends at the first.
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package enum Kind: String, CaseIterable, Sendable {
        /// A file, found from the overlay alone.
        case file
        /// Something that a driver of QEMU opens, or a file relative to the folder in which QEMU runs.
        case protocolName = "protocol"
        /// A description of a whole chain.
        case json
    }

    /// What the name leads to.
    package enum Target: Hashable, Sendable {
        /// The path to open, not normalised: the system resolves `..` after the links before it, as for QEMU.
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

    private static let slash = UInt8(ascii: "/")
    private static let filePrefix = Array("file:".utf8)

    /// What QEMU would open for an overlay at an absolute path.
    package func target(overlay: RawPath) -> Target {
        if bytes.starts(with: "json:".utf8) { return .json }
        guard hasProtocol else {
            return .path(bytes.first == BackingName.slash ? RawPath(bytes: bytes) : overlay.combining(bytes))
        }
        let rest = bytes.dropFirst(BackingName.filePrefix.count)
        // Without a slash it is relative to the folder in which QEMU runs, not to the overlay's.
        guard bytes.starts(with: BackingName.filePrefix), rest.first == BackingName.slash else { return .protocolName }
        return .path(RawPath(bytes: Array(rest)))
    }

    /// Whether QEMU takes the name for a protocol's: a colon comes before any slash.
    private var hasProtocol: Bool {
        let colon = UInt8(ascii: ":")
        return bytes.first { $0 == colon || $0 == BackingName.slash } == colon
    }
}

extension RawPath {
    /// The path of a name relative to this file: everything up to the last slash, and the name.
    fileprivate func combining(_ name: [UInt8]) -> RawPath {
        let folder = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes[...$0] } ?? []
        return RawPath(bytes: folder + name)
    }
}
