import Files

/// The name under which a scan has put an image into the store.
enum ImageName {
    /// Absolute and without links. Of an image that is gone, its folder is.
    static func resolve(_ path: RawPath) -> RawPath {
        do throws(SystemError) {
            return try path.resolved()
        } catch {
            return resolveFolder(of: path)
        }
    }

    private static func resolveFolder(of path: RawPath) -> RawPath {
        let slash = path.bytes.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { RawPath(bytes: Array(path.bytes[...$0])) } ?? RawPath(".")
        do throws(SystemError) {
            return try folder.resolved().appending(Array(path.bytes[(slash.map { $0 + 1 } ?? 0)...]))
        } catch {
            return path
        }
    }
}
