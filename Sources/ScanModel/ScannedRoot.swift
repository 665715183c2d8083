import Files

/// What a scan found at one of its roots.
package struct ScannedRoot: Sendable {
    /// Resolved; as it was given if that was not possible.
    package let path: RawPath
    /// nil if it could not be opened.
    package let file: FileKey?
    package let error: SystemError?

    package init(path: RawPath, file: FileKey?, error: SystemError? = nil) {
        self.path = path
        self.file = file
        self.error = error
    }
}

/// Where a scan has looked, so that the store can tell which images are missing.
package struct ScanScope {
    package let roots: [ScannedRoot]
    /// The directories below the roots where the walk entered another file system.
    package let mounts: Set<RawPath>
    /// Whether there is a directory at a path now.
    package let isDirectory: (RawPath) -> Bool
    /// Whether the scan would have seen an image at a path.
    package let covers: (RawPath) -> Bool
    /// Whether a path that belongs to another shard no longer exists.
    package let lacks: (RawPath) -> Bool

    package init(
        roots: [ScannedRoot] = [], mounts: Set<RawPath> = [], isDirectory: @escaping (RawPath) -> Bool = { _ in true },
        covers: @escaping (RawPath) -> Bool, lacks: @escaping (RawPath) -> Bool = { _ in false }
    ) {
        self.roots = roots
        self.mounts = mounts
        self.isDirectory = isDirectory
        self.covers = covers
        self.lacks = lacks
    }
}
