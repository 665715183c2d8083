import SQLite

/// The bytes of a store's file.
package struct StoreSpace: Sendable {
    /// All of them.
    package let bytes: Int64
    /// Those of pages that hold nothing: new rows take them before the file grows.
    package let freeBytes: Int64

    package init(_ store: ScanStore) throws(StoreError) {
        (bytes, freeBytes) = try StoreError.wrap { () throws(SQLiteError) in
            let size = Int64(sqliteValue: try store.database.scalar("PRAGMA page_size")) ?? 0
            let pages = Int64(sqliteValue: try store.database.scalar("PRAGMA page_count")) ?? 0
            let free = Int64(sqliteValue: try store.database.scalar("PRAGMA freelist_count")) ?? 0
            return (pages * size, free * size)
        }
    }

    /// Whether half of the file is free.
    ///
    /// Of 100,000 images and 30 scans (75 MB), pruning to 7 frees a quarter in 4 s, and one night more frees less than a
    /// thousandth, which the next night fills again. Writing the file anew takes 1 s then, but as much disk again as
    /// the file has, and holds up every writer: too much for each night.
    package var isWorthCompacting: Bool { freeBytes > bytes / 2 }
}

extension ScanStore {
    /// Writes the file anew, without free pages. Needs room for a second copy of what is left.
    package func compact() throws(StoreError) {
        try StoreError.wrap { [database] () throws(SQLiteError) in try database.execute("VACUUM") }
    }
}
