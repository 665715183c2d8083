import Files
import SQLite
import ScanModel

/// The end of every scan: which images it should have seen and did not, and which ones it saw at another place.
extension ScanStore {
    /// Adds the roots of a scan, marks the images that it should have seen and did not, and finds those that have
    /// moved.
    func compareWithEarlier(
        scanID: Int64, host: String, node: String, isInterrupted: Bool, scope: ScanScope, seen: ImageSet,
        totals: inout ScanTotals
    ) throws(SQLiteError) {
        try database.prepare(
            """
            UPDATE image SET missing_since_scan_id = NULL
            WHERE id IN (
                SELECT id FROM image WHERE missing_since_scan_id IS NOT NULL AND +host = ? AND last_scan_id = ?)
            """
        ).run(host, scanID)
        var unseen: [UnseenImage] = []
        if !isInterrupted {
            unseen = try unseenImages(seen: seen, host: host, covers: scope.covers)
            unseen += try imagesOfNoShard(scanID: scanID, host: host, lacks: scope.lacks)
            // The rows of `image_event` are in the order of the paths.
            unseen.sort { $0.path < $1.path }
        }
        let writer = try RootWriter(database, scanID: scanID, host: host, node: node, seen: seen)
        var unmounted: Set<RawPath> = []
        for (index, root) in scope.roots.enumerated() {
            let state = try writer.write(root, number: index + 1, isInterrupted: isInterrupted, unseen: unseen)
            guard state == .notMounted else { continue }
            unmounted.insert(root.path)
            totals.unmounted.append(
                try writer.addError(root.path, because: "is another file system than at the last scan"))
        }
        try writer.writeMounts(scope.mounts)
        for mount in try writer.unmounted(unseen.filter { !$0.path.isWithin(anyOf: unmounted) }, scope) {
            unmounted.insert(mount)
            totals.unmounted.append(try writer.addError(mount, because: "is no longer a mount point"))
        }
        totals.pathErrors += totals.unmounted.count
        let missing = unseen.filter { !$0.path.isWithin(anyOf: unmounted) }
        let mark = try database.prepare("UPDATE image SET missing_since_scan_id = ? WHERE id = ?")
        for image in missing { try mark.run(scanID, image.id) }
        totals.missing = missing.count
        let others = isInterrupted ? [] : try imagesOfOthers(host: host, node: node, covers: scope.covers)
        for image in others where !image.path.isWithin(anyOf: unmounted) { try mark.run(scanID, image.id) }
        if !isInterrupted { try addMoves(scanID: scanID, host: host) }
        try linkBackingFiles(scanID: scanID)
        totals.withoutBase = try overlaysWithoutBase(scanID: scanID)
    }

    /// The number of overlays that a scan saw whose backing file is missing, unreadable, or of a type that cannot be
    /// one.
    private func overlaysWithoutBase(scanID: Int64) throws(SQLiteError) -> Int {
        let sql = """
            SELECT count(*) FROM backing CROSS JOIN image ON image.id = backing.image_id
            WHERE image.last_scan_id = ? AND kind = 'file' AND state <> 'found' AND base_type IS NOT 'block'
            """
        return Int(sqliteValue: try database.scalar(sql, scanID)) ?? 0
    }

    /// Updates which image each overlay's backing file is.
    private func linkBackingFiles(scanID: Int64) throws(SQLiteError) {
        try database.prepare(
            """
            WITH \(BackingImage.owner)
            UPDATE backing SET base_image_id = found.base_image_id
            FROM (
                SELECT backing.image_id, \(BackingImage.base) AS base_image_id
                FROM backing
                CROSS JOIN image ON image.id = backing.image_id
                JOIN scan AS seen ON seen.id = image.last_scan_id
                WHERE image.host IN (SELECT host FROM owner WHERE node = (SELECT node FROM scan WHERE id = ?1))
                    AND NOT EXISTS (
                        SELECT 1 FROM image AS base
                        WHERE base.id = backing.base_image_id AND base.host = image.host AND \(BackingImage.hasPath)
                            AND base.missing_since_scan_id IS NULL)
            ) AS found
            WHERE found.image_id = backing.image_id AND found.base_image_id IS NOT backing.base_image_id
            """
        ).run(scanID)
    }

    /// The images that were present and should have been seen.
    private func unseenImages(
        seen: ImageSet, host: String, covers: (RawPath) -> Bool
    ) throws(SQLiteError) -> [UnseenImage] {
        let statement = try database.prepare(
            """
            SELECT id, path, path_bytes, last_scan_id FROM image NOT INDEXED
            WHERE id BETWEEN ? AND ? AND host = ? AND missing_since_scan_id IS NULL
            """)
        var unseen: [UnseenImage] = []
        for gap in seen.gaps {
            try statement.bind(gap.lowerBound, gap.upperBound, host)
            unseen += try coveredImages(statement, covers)
        }
        return unseen
    }

    /// The images that are gone and that no other shard will miss: this shard saw them last, but their paths now belong
    /// to a shard that does not know them; or the number of shards has changed.
    private func imagesOfNoShard(
        scanID: Int64, host: String, lacks: (RawPath) -> Bool
    ) throws(SQLiteError) -> [UnseenImage] {
        let statement = try database.prepare(
            """
            SELECT image.id, path, path_bytes, last_scan_id
            FROM scan AS this
            CROSS JOIN image NOT INDEXED ON image.host = this.host AND image.missing_since_scan_id IS NULL
            CROSS JOIN scan AS last ON last.id = image.last_scan_id
            WHERE this.id = ? AND this.host = ? AND this.shard_count IS NOT NULL AND last.id < this.id
                AND (last.shard_number IS this.shard_number OR last.shard_count IS NOT this.shard_count)
            """)
        try statement.bind(scanID, host)
        return try coveredImages(statement, lacks)
    }

    /// The images that were present when the machine scanned them for another owner: before a pool got its name, or
    /// after.
    private func imagesOfOthers(
        host: String, node: String, covers: (RawPath) -> Bool
    ) throws(SQLiteError) -> [UnseenImage] {
        let statement = try database.prepare(
            """
            SELECT id, path, path_bytes, last_scan_id FROM image
            WHERE host IN (\(Pool.hostsOfNode) AND host <> ?2) AND missing_since_scan_id IS NULL ORDER BY id
            """)
        try statement.bind(node, host)
        return try coveredImages(statement, covers)
    }

    /// The images of a statement's rows (`id`, `path`, `path_bytes`, `last_scan_id`) that a scan would have seen.
    private func coveredImages(
        _ statement: Statement, _ covers: (RawPath) -> Bool
    ) throws(SQLiteError) -> [UnseenImage] {
        var images: [UnseenImage] = []
        while try statement.step() {
            let path = try RawPath(statement, at: 1)
            guard covers(path) else { continue }
            images.append(UnseenImage(id: try statement.column(0), path: path, lastScanID: try statement.column(3)))
        }
        return images
    }

    /// Notes as moved each path that is new or has returned, and that has the file of a missing image. A new file may
    /// have got the same inode, so the time of birth must be equal, or size and last change where that is not known.
    private func addMoves(scanID: Int64, host: String) throws(SQLiteError) {
        try database.prepare(
            """
            INSERT INTO image_event (scan_id, image_id, event, other_image_id)
            SELECT ?1, image.id, 'moved', max(old.id)
            FROM image AS old
            -- In this order: few are missing.
            CROSS JOIN image ON image.device = old.device AND image.inode = old.inode AND image.host = old.host
            WHERE +image.host = ?2 AND old.id <> image.id AND image.last_scan_id = ?1
                AND old.missing_since_scan_id IS NOT NULL
                AND (
                    image.first_scan_id > old.last_scan_id
                    OR EXISTS (
                        SELECT 1 FROM image_event
                        WHERE image_id = image.id AND event = 'returned' AND scan_id > old.last_scan_id))
                AND NOT EXISTS (
                    SELECT 1 FROM image_event
                    WHERE other_image_id = old.id AND scan_id > old.last_scan_id)
                AND (image.birth_ns = old.birth_ns OR (
                    (image.birth_ns IS NULL OR old.birth_ns IS NULL) AND EXISTS (
                        SELECT 1 FROM check_result AS a JOIN check_result AS b
                        WHERE a.id = (SELECT max(id) FROM check_result WHERE image_id = image.id)
                            AND b.id = (SELECT max(id) FROM check_result WHERE image_id = old.id)
                            AND a.file_size = b.file_size AND a.mtime_ns = b.mtime_ns)))
            GROUP BY image.id
            """
        ).run(scanID, host)
    }
}

/// An image of the store that a scan should have seen and did not.
struct UnseenImage {
    let id: Int64
    let path: RawPath
    /// The last scan that saw it.
    let lastScanID: Int64
}
