import Files
import Glibc
import SQLite

/// Mount points below the roots: a file system that is not mounted has not lost its images, there or at a root.
extension RootWriter {
    func writeMounts(_ mounts: Set<RawPath>) throws(SQLiteError) {
        let insert = try database.prepare("INSERT INTO scan_mount (scan_id, path, path_bytes) VALUES (?, ?, ?)")
        for mount in mounts.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            let path = mount.columns
            try insert.run(scanID, path.text, path.bytes)
        }
    }

    /// The directories that were mount points when unseen images were last seen below them, are ordinary ones now, and
    /// hold no image. Of those within each other the outermost.
    func unmounted(_ unseen: [UnseenImage], _ reach: ScanScope) throws(SQLiteError) -> [RawPath] {
        var unmounted: [RawPath] = []
        for (scan, images) in Dictionary(grouping: unseen, by: \.lastScanID).sorted(by: { $0.key < $1.key }) {
            for mount in try mounts(of: scan)
            where isPassedOver(mount, reach) && !unmounted.contains(where: mount.isWithin)
                && images.contains(where: { $0.path.isWithin(mount) })
            {
                guard try imageCount(below: mount) == 0 else { continue }
                unmounted.removeAll { $0.isWithin(mount) }
                unmounted.append(mount)
            }
        }
        return unmounted
    }

    /// Whether the scan came by there, from a root above, and found an ordinary directory.
    private func isPassedOver(_ mount: RawPath, _ reach: ScanScope) -> Bool {
        let isBelowRoot = reach.roots.contains { mount != $0.path && mount.isWithin($0.path) }
        return isBelowRoot && !reach.mounts.contains(mount) && reach.isDirectory(mount)
    }

    private func mounts(of scan: Int64) throws(SQLiteError) -> [RawPath] {
        let statement = try database.prepare("SELECT path, path_bytes FROM scan_mount WHERE scan_id = ?")
        try statement.bind(scan)
        var mounts: [RawPath] = []
        while try statement.step() {
            mounts.append(RawPath(text: try statement.column(0), bytes: try statement.column(1)))
        }
        return mounts
    }
}
