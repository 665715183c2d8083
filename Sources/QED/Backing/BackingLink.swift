import Files

/// What the header of an overlay says about its backing file.
package struct BackingReference: Hashable, Sendable {
    /// Not empty.
    package let name: BackingName
    /// Whether the backing file is raw, so that its format must not be probed.
    package let isRaw: Bool
    /// Bytes that a guest sees of the overlay.
    package let imageSize: UInt64
    /// The overlay's inode.
    package let inode: UInt64
    /// When the overlay's file was created, nanoseconds since 1970; nil if the file system does not say.
    package let birthTime: Int64?

    package init(name: BackingName, isRaw: Bool, imageSize: UInt64, inode: UInt64, birthTime: Int64?) {
        self.name = name
        self.isRaw = isRaw
        self.imageSize = imageSize
        self.inode = inode
        self.birthTime = birthTime
    }

    /// The link that this reference makes for an overlay at a path.
    ///
    /// - Parameter look: looks at the path of a backing file.
    package func link(overlay: RawPath, look: (RawPath) -> BackingTarget) -> BackingLink {
        let target = name.target(overlay: overlay)
        guard case .path(let path) = target else { return BackingLink(reference: self, kind: target.kind, base: nil) }
        return BackingLink(reference: self, kind: .file, base: look(path))
    }
}

/// The reference of an overlay, and what it led to when a scan looked.
package struct BackingLink: Hashable, Sendable {
    package let reference: BackingReference
    package let kind: BackingName.Kind
    /// nil unless the kind is `file`.
    package let base: BackingTarget?

    package init(reference: BackingReference, kind: BackingName.Kind, base: BackingTarget?) {
        self.reference = reference
        self.kind = kind
        self.base = base
    }
}

/// What a scan has learned about the backing file of an image.
package enum ImageBacking: Hashable, Sendable {
    /// The header could not be used.
    case unknown
    /// The image has no backing file.
    case none
    case link(BackingLink)
}

extension ImageFile {
    /// What the image's header says about a backing file; nil if it names none.
    ///
    /// - Throws: `BackingUnreadable` if the header cannot be read or used.
    package func backingReference() throws(BackingUnreadable) -> BackingReference? {
        let header: Header
        let name: [UInt8]
        do {
            header = try Header(reading: self)
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

    /// What the image's check found about a backing file; nil if the header names none.
    ///
    /// - Throws: `BackingUnreadable` if the header could not be read or used.
    package func backingReference(_ result: CheckResult) throws(BackingUnreadable) -> BackingReference? {
        guard result.geometry != nil, let header = result.header else { throw BackingUnreadable() }
        guard header.namesBackingFile else { return nil }
        guard let name = result.backingFilename else { throw BackingUnreadable() }
        return reference(header, name)
    }

    private func reference(_ header: Header, _ name: [UInt8]) -> BackingReference? {
        guard !name.isEmpty else { return nil }
        return BackingReference(
            name: BackingName(bytes: name), isRaw: header.features.contains(.backingFormatNoProbe),
            imageSize: header.imageSize, inode: status.identity.inode, birthTime: birthTime)
    }
}

/// Thrown if the header cannot be read or used, so that nobody knows whether there is a backing file.
package struct BackingUnreadable: Error {}
