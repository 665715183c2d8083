import Files
import SQLite

/// A pool on storage that several machines share. In the store its images have the pool's name in the place of a host's, so
/// that they are the same images whichever machine scanned them.
package enum Pool {
    /// No host's name has a colon.
    private static let prefix = "pool:"

    /// What the column `host` has for a pool.
    package static func host(named name: String) -> String { prefix + name }

    package static func isPool(host: String) -> Bool { host.hasPrefix(prefix) }

    /// How people know a host or pool.
    package static func describe(host: String) -> String {
        isPool(host: host) ? "pool \(host.dropFirst(prefix.count))" : "host \(host)"
    }

    /// SQL: what the column `host` has for the images that a machine scans, its own and those of pools. `?1` is its name.
    package static let hostsOfNode = "SELECT host FROM scan WHERE node = ?1"
}

extension ScanStore {
    /// Whose the images of some paths were in the latest scan of each by a machine: what the column `host` has. A scan of a
    /// folder above counts, too. nil for a path that the machine has not scanned.
    package func lastHost(ofNode node: String, root: RawPath) throws(StoreError) -> String? {
        try StoreError.wrap { () throws(SQLiteError) in
            String(
                sqliteValue: try database.scalar(
                    """
                    SELECT scan.host FROM scan, json_each(scan.roots)
                    WHERE node = ?1 AND (?2 = value OR substr(?2, 1, length(rtrim(value, '/')) + 1) = rtrim(value, '/') || '/')
                    ORDER BY scan.id DESC LIMIT 1
                    """, node, root.text))
        }
    }

    /// The latest scans by a machine of paths below one: those whose images were another's than a host's.
    ///
    /// - Returns: such paths, and whose their images were.
    package func lastHosts(
        ofNode node: String, below root: RawPath, otherThan host: String
    ) throws(StoreError) -> [(root: String, host: String)] {
        try StoreError.wrap { () throws(SQLiteError) in
            let statement = try database.prepare(
                """
                SELECT value, host FROM (
                    SELECT value, scan.host, max(scan.id) FROM scan, json_each(scan.roots)
                    WHERE node = ?1 AND substr(value, 1, length(rtrim(?2, '/')) + 1) = rtrim(?2, '/') || '/'
                    GROUP BY value
                )
                WHERE host <> ?3 ORDER BY value
                """)
            try statement.bind(node, root.text, host)
            var hosts: [(root: String, host: String)] = []
            while try statement.step() { hosts.append((try statement.column(0), try statement.column(1))) }
            return hosts
        }
    }
}
