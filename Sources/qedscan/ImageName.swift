import Files

/// The name under which a scan has put an image into the store.
enum ImageName {
    /// The absolute path without links. Of an image that is gone, only its directory is resolved.
    static func resolve(_ path: RawPath) -> RawPath {
        do throws(SystemError) {
            return try path.resolved()
        } catch {
            return path.directory.resolvedOrNil?.appending(path.lastName) ?? path
        }
    }
}
