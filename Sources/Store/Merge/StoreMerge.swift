import Glibc
import SQLite

/// Merges the scans of several stores into one, so that they can be queried together.
///
/// Nothing is scanned into a merged store, so every row has a name that is the same in all stores: a scan its UUID, an
/// image its host or pool and its path, a result its scan and its ID in the store where it was made. Known rows are
/// skipped, and the later of two states wins, so merging is idempotent and independent of order. Each input is one
/// transaction. The journals of repairs stay in their stores.
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
            // The inputs have been verified, and the maps give the new references.
            try database.execute("PRAGMA foreign_keys = OFF")
            try database.setChecksConstraints(false)
            try database.setCacheSize(bytes: StoreMerge.cacheSize)
            return try MergeTables(database)
        }
    }

    /// Throws `StoreError.mergeTarget` if a store at the path is written by scans. Call it before the store is
    /// migrated.
    package static func refuseTarget(at path: String) throws(StoreError) {
        guard access(path, F_OK) == 0, try StoreVersion(ofStoreAt: path).number > 0 else { return }
        try refuseOwnScans(try StoreError.wrap { () throws(SQLiteError) in try Database(path: path, mode: .readOnly) })
    }

    private static func refuseOwnScans(_ database: Database) throws(StoreError) {
        let hasOwn = try StoreError.wrap { () throws(SQLiteError) in
            // A store without this column is older than merging, so all its scans are its own.
            let column = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('scan') WHERE name = 'merged_at')"
            let condition = try database.scalar(column) == .integer(1) ? "WHERE merged_at IS NULL" : ""
            return try database.scalar("SELECT EXISTS (SELECT 1 FROM scan \(condition))") == .integer(1)
        }
        guard hasOwn else { return }
        let reason = "it has scans of its own; merge it and others into a new file"
        throw .mergeTarget(path: database.path, reason: reason)
    }

    /// Bytes in memory. Each shard adds rows all over the index of paths.
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
            // SQLite's error names the store that is written, even if the input is at fault.
            throw .mergeInput(path: input.path, reason: error.description)
        }
    }

    /// Links backing files to images that came from other stores. Call it after the last input.
    package func finish() throws(StoreError) {
        try StoreError.wrap { [database = store.database] () throws(SQLiteError) in
            try database.transaction(.immediate) { () throws(SQLiteError) in try tables.linkBackingFiles() }
        }
    }

    /// The pools whose name stands for different storage: machines that scanned the same root within a week of each
    /// other found directories with different inode numbers there.
    package func conflictingPools() throws(StoreError) -> [(pool: String, root: String, nodes: String)] {
        try store.rows(
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
            """
        ) { row throws(SQLiteError) in (try row.column(0), try row.column(1), try row.column(2)) }
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
            counts.repairs = try RepairMerge(tables: tables).run()
            try tables.mergeParts()
            try tables.mergeBackings()
            try tables.updateImages()
            try tables.orderResults()
        }
        return counts
    }
}

extension ScanStore {
    /// Whether it was merged from other stores.
    package func isMerged() throws(StoreError) -> Bool {
        try value("SELECT EXISTS (SELECT 1 FROM scan WHERE merged_at IS NOT NULL)") == .integer(1)
    }

    /// Throws `StoreError.merged` for a store that was merged from others: it is read-only.
    package func refuseMerged(path: String) throws(StoreError) {
        if try isMerged() { throw .merged(path: path) }
    }
}

/// What a merge added.
package struct MergeCounts: Sendable, Equatable {
    package var scans = 0
    package var images = 0
    package var results = 0
    package var findings = 0
    package var repairs = 0

    package init() {}

    package var isEmpty: Bool { self == MergeCounts() }
}
