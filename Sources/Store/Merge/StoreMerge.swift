import Glibc
import SQLite

/// Brings the scans of several stores into one, to be asked together.
///
/// A merged store has no scans of its own, so that everything in it can be told apart by where it was made: a scan by its
/// UUID, an image by its host or pool and its path, a result by its scan and the row's ID there. What is there already is
/// passed over, and what is later counts: merging again, or in another order, gives the same. Each input is one
/// transaction. The journals of repairs stay in their own stores.
package struct StoreMerge {
    private let store: ScanStore
    private let tables: MergeTables

    /// - Parameter store: the caller holds its run lock.
    /// - Throws: `StoreError.mergeTarget` if it is a store that scans write.
    package init(into store: ScanStore) throws(StoreError) {
        self.store = store
        let database = store.database
        try StoreMerge.refuseOwnScans(database)
        tables = try StoreError.wrap { () throws(SQLiteError) in
            // Rows are made of rows that were looked through, and refer to what the maps say.
            try database.execute("PRAGMA foreign_keys = OFF")
            try database.setChecksConstraints(false)
            try database.setCacheSize(bytes: StoreMerge.cacheSize)
            return try MergeTables(database)
        }
    }

    /// Throws `StoreError.mergeTarget` if there is a store that scans write, before it is migrated.
    package static func refuseTarget(at path: String) throws(StoreError) {
        guard access(path, F_OK) == 0, try StoreVersion(ofStoreAt: path).number > 0 else { return }
        try refuseOwnScans(try StoreError.wrap { () throws(SQLiteError) in try Database(path: path, mode: .readOnly) })
    }

    private static func refuseOwnScans(_ database: Database) throws(StoreError) {
        let hasOwn = try StoreError.wrap { () throws(SQLiteError) in
            // Of before there were merged stores, all are.
            let column = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('scan') WHERE name = 'merged_at')"
            let condition = try database.scalar(column) == .integer(1) ? "WHERE merged_at IS NULL" : ""
            return try database.scalar("SELECT EXISTS (SELECT 1 FROM scan \(condition))") == .integer(1)
        }
        guard hasOwn else { return }
        let reason = "it has scans of its own; merge it and others into a new file"
        throw .mergeTarget(path: database.path, reason: reason)
    }

    /// Bytes in memory: the index of paths gets rows everywhere from each shard.
    private static let cacheSize = 128 << 20

    /// Merges one store.
    ///
    /// - Throws: `StoreError` if it cannot be read; then nothing of it was merged.
    package func add(_ input: MergeInput) throws(StoreError) -> MergeCounts {
        defer { input.discard() }
        let database = store.database
        do throws(StoreError) {
            try StoreError.wrap { () throws(SQLiteError) in
                try database.attach(input.readPath, as: MergeTables.input)
            }
            let result = Result { () throws(StoreError) in
                try database.transaction(.immediate) { () throws(StoreError) in try merge(input.path) }
            }
            try StoreError.wrap { () throws(SQLiteError) in try database.detach(MergeTables.input) }
            return try result.get()
        } catch {
            if case .mergeInput = error { throw error }
            // SQLite names the store that is written, whichever it means.
            throw .mergeInput(path: input.path, reason: error.description)
        }
    }

    /// Finds the images that are backing files of images from other stores, which no single one can tell. To be called after
    /// the last input.
    package func finish() throws(StoreError) {
        try StoreError.wrap { [database = store.database] () throws(SQLiteError) in
            try database.transaction(.immediate) { () throws(SQLiteError) in try tables.linkBackingFiles() }
        }
    }

    /// The pools whose name is that of different storage: machines that scanned the same root within a week of each other
    /// found directories with different inode numbers there.
    package func conflictingPools() throws(StoreError) -> [(pool: String, root: String, nodes: String)] {
        try StoreError.wrap { [database = store.database] () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                WITH
                latest AS (
                    SELECT
                        scan.host, path, path_bytes, node, inode, started_at,
                        max(started_at) OVER (PARTITION BY scan.host, path, path_bytes) AS newest_at,
                        row_number() OVER (PARTITION BY scan.host, path, path_bytes, node ORDER BY scan.id DESC) AS place
                    FROM scan JOIN scan_root ON scan_root.scan_id = scan.id
                    WHERE scan.host GLOB 'pool:*' AND scan_root.state = 'read'
                )
                SELECT substr(host, 6), path, group_concat(node, ', ') FROM latest
                WHERE place = 1 AND julianday(newest_at) - julianday(started_at) < 7
                GROUP BY host, path, path_bytes HAVING count(DISTINCT inode) > 1
                ORDER BY host, path
                """)
            var pools: [(pool: String, root: String, nodes: String)] = []
            while try statement.step() {
                pools.append((try statement.column(0), try statement.column(1), try statement.column(2)))
            }
            return pools
        }
    }

    private func merge(_ path: String) throws(StoreError) -> MergeCounts {
        var counts = MergeCounts()
        try tables.clear()
        counts.scans = try ScanMerge(store.database).run(inputPath: path)
        try StoreError.wrap { () throws(SQLiteError) in
            try tables.mergeNames()
            counts.images = try tables.mergeImages()
            counts.results = try tables.mergeResults()
            counts.findings = try tables.mergeFindings()
            counts.repairs = try tables.mergeRepairs()
            try tables.mergeParts()
            try tables.mergeBackings()
            try tables.updateImages()
            try tables.orderResults()
        }
        return counts
    }
}

extension ScanStore {
    /// Whether it was merged of others.
    package func isMerged() throws(StoreError) -> Bool {
        try StoreError.wrap { () throws(SQLiteError) in
            try database.scalar("SELECT EXISTS (SELECT 1 FROM scan WHERE merged_at IS NOT NULL)") == .integer(1)
        }
    }

    /// Throws `StoreError.merged` for a store that was merged of others: it is only asked.
    package func refuseMerged(path: String) throws(StoreError) {
        if try isMerged() { throw .merged(path: path) }
    }
}
