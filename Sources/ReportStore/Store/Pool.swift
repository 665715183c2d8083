import QED

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

extension ReportStore {
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

    /// Makes the images below the roots of a scan those of its host or pool, if the machine had scanned them as another's:
    /// so a pool can get a name at any time.
    package func adoptImages(for scan: ScanRecord) throws(StoreError) {
        try StoreError.wrap { () throws(SQLiteError) in
            let hasOthers = "SELECT EXISTS (SELECT 1 FROM scan WHERE node = ? AND host <> ?)"
            guard try database.scalar(hasOthers, scan.node, scan.host) == .integer(1) else { return }
            try database.transaction(.immediate) { () throws(SQLiteError) in
                let update = try database.prepare(
                    """
                    UPDATE OR IGNORE image SET host = ?2
                    WHERE host IN (\(Pool.hostsOfNode) AND host <> ?2)
                        AND (path = ?3 OR path >= ?4 || '/' AND path < ?4 || '0')
                    """)
                for root in scan.roots {
                    let path = root.text
                    try update.run(scan.node, scan.host, path, path == "/" ? "" : path)
                }
            }
        }
    }
}
