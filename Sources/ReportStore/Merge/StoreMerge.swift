import Glibc
import QED

/// Brings the scans of several stores into one, to be asked together.
///
/// A merged store has no scans of its own, so that everything in it can be told apart by where it was made: a scan by its
/// UUID, an image by its host or pool and its path, a result by its scan and the row's ID there. What is there already is
/// passed over, and what is later counts: merging again, or in another order, gives the same. Each input is one
/// transaction. The journals of repairs stay in their own stores.
package struct StoreMerge {
    private let store: ReportStore
    private let target: String
    private let tables: MergeTables

    /// - Parameters:
    ///   - store: the caller holds its run lock.
    ///   - path: where it is.
    /// - Throws: `StoreError.mergeTarget` if it is a store that scans write.
    package init(into store: ReportStore, at path: String) throws(StoreError) {
        self.store = store
        target = path
        let database = store.database
        let isOwn = try StoreError.wrap { () throws(SQLiteError) in
            try database.scalar("SELECT EXISTS (SELECT 1 FROM scan WHERE merged_at IS NULL)") == .integer(1)
        }
        guard !isOwn else {
            throw .mergeTarget(path: path, reason: "it has scans of its own; merge it and others into a new file")
        }
        tables = try StoreError.wrap { () throws(SQLiteError) in
            // Rows are made of rows that were looked through, and refer to what the maps say.
            try database.execute("PRAGMA foreign_keys = OFF")
            try database.setChecksConstraints(false)
            try database.setCacheSize(bytes: StoreMerge.cacheSize)
            return try MergeTables(database)
        }
    }

    /// Bytes in memory: the index of paths gets rows everywhere from each shard.
    private static let cacheSize = 128 << 20

    /// Merges one store.
    ///
    /// - Throws: `StoreError` if it cannot be read or is damaged; then nothing of it was merged.
    package func add(_ path: String) throws(StoreError) -> MergeCounts {
        try refuseTarget(path)
        let input = try MergeInput(path, target: target)
        defer { input.discard() }
        let database = store.database
        do throws(SQLiteError) {
            try database.attach(input.readPath, as: MergeTables.input)
        } catch {
            throw .database(error)
        }
        let result = Result { () throws(StoreError) in
            try database.transaction(.immediate) { () throws(StoreError) in try merge(path) }
        }
        try StoreError.wrap { () throws(SQLiteError) in try database.detach(MergeTables.input) }
        return try result.get()
    }

    /// Finds the images that are backing files of images from other stores, which no single one can tell. To be called after
    /// the last input.
    package func finish() throws(StoreError) {
        try StoreError.wrap { [database = store.database] () throws(SQLiteError) in
            try database.transaction(.immediate) { () throws(SQLiteError) in try tables.linkBackingFiles() }
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

    private func refuseTarget(_ path: String) throws(StoreError) {
        var (mine, other) = (stat(), stat())
        guard stat(target, &mine) == 0, stat(path, &other) == 0 else { return }
        guard mine.st_ino != other.st_ino || mine.st_dev != other.st_dev else {
            throw .mergeInput(path: path, reason: "it is the store to merge into")
        }
    }
}

extension ReportStore {
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
