import Files

/// What an overlay says of its backing file, read from its header.
package struct BackingReference: Hashable, Sendable {
    /// Not empty.
    package let name: BackingName
    /// Whether the backing file must not be probed for its format: it is raw.
    package let isRaw: Bool
    /// Bytes that the overlay's guest sees.
    package let imageSize: UInt64
    /// The overlay's inode.
    package let inode: UInt64
    /// When the overlay's file was made, nanoseconds since 1970; nil where the file system does not say.
    package let birthTime: Int64?

    package init(name: BackingName, isRaw: Bool, imageSize: UInt64, inode: UInt64, birthTime: Int64?) {
        self.name = name
        self.isRaw = isRaw
        self.imageSize = imageSize
        self.inode = inode
        self.birthTime = birthTime
    }

    /// The link of the overlay at a path.
    ///
    /// - Parameter look: finds out what is at the path of a backing file.
    package func link(overlay: RawPath, look: (RawPath) -> BackingTarget) -> BackingLink {
        let target = name.target(overlay: overlay)
        guard case .path(let path) = target else { return BackingLink(reference: self, kind: target.kind, base: nil) }
        return BackingLink(reference: self, kind: .file, base: look(path))
    }
}

/// An overlay's reference and what it led to when a scan looked.
package struct BackingLink: Hashable, Sendable {
    package let reference: BackingReference
    package let kind: BackingName.Kind
    /// nil unless the name is a file's.
    package let base: BackingTarget?

    package init(reference: BackingReference, kind: BackingName.Kind, base: BackingTarget?) {
        self.reference = reference
        self.kind = kind
        self.base = base
    }
}

/// What a scan learnt of an image's backing file.
package enum ImageBacking: Hashable, Sendable {
    /// Nothing: the header could not be used.
    case unknown
    /// The image has none.
    case none
    case link(BackingLink)
}

extension ImageFile {
    /// What the image's header says of a backing file; nil if it names none.
    ///
    /// - Throws: `BackingUnreadable` if the header does not tell.
    package func backingReference() throws(BackingUnreadable) -> BackingReference? {
        let header: Header
        let name: [UInt8]
        do {
            header = try HeaderPass.readHeader(self)
            guard header.hasMagic else { throw BackingUnreadable() }
            _ = try Geometry(validating: header, fileSize: size)
            guard header.namesBackingFile else { return nil }
            let start = ByteOffset(UInt64(header.backingFilenameOffset))
            name = Array(try bytes(at: start, count: Int(header.backingFilenameSize)).prefix { $0 != 0 })
        } catch {
            throw BackingUnreadable()
        }
        return reference(header, name)
    }

    /// What a report of the image says of a backing file; nil if it names none.
    ///
    /// - Throws: `BackingUnreadable` if the report does not tell.
    package func backingReference(_ report: CheckResult) throws(BackingUnreadable) -> BackingReference? {
        guard report.geometry != nil, let header = report.header else { throw BackingUnreadable() }
        guard header.namesBackingFile else { return nil }
        guard let name = report.backingFilename else { throw BackingUnreadable() }
        return reference(header, name)
    }

    private func reference(_ header: Header, _ name: [UInt8]) -> BackingReference? {
        guard !name.isEmpty else { return nil }
        return BackingReference(
            name: BackingName(bytes: name), isRaw: header.features.contains(.backingFormatNoProbe),
            imageSize: header.imageSize, inode: status.identity.inode, birthTime: birthTime)
    }
}

/// A header that does not tell whether there is a backing file.
package struct BackingUnreadable: Error {}
