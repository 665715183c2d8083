import Files
import SQLite

/// Finds the image that a person means by a path, and perhaps a host.
package struct ImageSearch {
    package enum Answer {
        case found(id: Int64)
        case unknown
        /// The hosts and pools that have an image at the path; none of them belongs to this machine.
        case several(hosts: [String])
    }

    /// The path as it was given.
    private let given: RawPath
    /// The path as a scan on this machine would record it.
    private let resolved: RawPath
    private let node: String
    private let host: String?

    /// - Parameters:
    ///   - resolved: the path as a scan on this machine would record it.
    ///   - node: this machine.
    ///   - host: as in the column `host`. nil for this machine and its pools, or else the only host that has the path.
    package init(_ path: RawPath, resolved: RawPath, node: String, host: String?) {
        given = path
        self.resolved = resolved
        self.node = node
        self.host = host
    }

    package func answer(in store: ScanStore) throws(StoreError) -> Answer {
        try StoreError.wrap { () throws(SQLiteError) in try answer(in: store.database) }
    }

    private func answer(in database: Database) throws(SQLiteError) -> Answer {
        if let host {
            // Symbolic links of this machine mean nothing on another.
            let paths = host == node ? [resolved, given] : [given, resolved]
            return try first(paths, in: database, "host = ?1", host).map { .found(id: $0.id) } ?? .unknown
        }
        if let own = try first([resolved], in: database, "host IN (\(Pool.hostsOfNode))", node) {
            return .found(id: own.id)
        }
        for path in [given, resolved] {
            let others = try images(path, in: database, "?1 IS NULL AND host IN (SELECT host FROM scan)", nil)
            guard let other = others.first else { continue }
            return others.count == 1 ? .found(id: other.id) : .several(hosts: others.map(\.host).sorted())
        }
        return .unknown
    }

    private typealias Image = (id: Int64, host: String)

    private func first(
        _ paths: [RawPath], in database: Database, _ condition: String, _ value: String?
    ) throws(SQLiteError) -> Image? {
        for path in paths {
            if let image = try images(path, in: database, condition, value).first { return image }
        }
        return nil
    }

    /// The images at a path, the one that was seen last first.
    ///
    /// - Parameter condition: SQL; `?1` in it is the value.
    private func images(
        _ path: RawPath, in database: Database, _ condition: String, _ value: String?
    ) throws(SQLiteError) -> [Image] {
        try database.rows(
            """
            SELECT id, host FROM image WHERE path = ?2 AND ifnull(path_bytes, x'') = ?3 AND \(condition)
            ORDER BY last_scan_id DESC, host
            """, [value, path.text, path.isText ? [] : path.bytes]
        ) { row throws(SQLiteError) in (try row.column(0), try row.column(1)) }
    }
}
