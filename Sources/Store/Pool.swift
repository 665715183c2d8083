import Files
import SQLite

/// A pool on storage that several machines share. Its images are stored with the pool's name in place of a host's, so
/// that they are the same images whichever machine scans them.
package enum Pool {
    /// No host's name has a colon.
    private static let prefix = "pool:"

    /// What the column `host` holds for a pool.
    package static func host(named name: String) -> String { prefix + name }

    package static func isPool(host: String) -> Bool { host.hasPrefix(prefix) }

    /// A host or pool in words.
    package static func describe(host: String) -> String {
        isPool(host: host) ? "pool \(host.dropFirst(prefix.count))" : "host \(host)"
    }

    /// SQL: the values of the column `host` for the images that a machine scans, its own and those of pools. `?1` is
    /// its name.
    package static let hostsOfNode = "SELECT host FROM scan WHERE node = ?1"
}

extension ScanStore {
    /// The host or pool that owned the images at a path when the machine last scanned it, as in the column `host`. A
    /// scan of a directory above counts, too. nil for a path that the machine has not scanned.
    package func lastHost(ofNode node: String, root: RawPath) throws(StoreError) -> String? {
        String(
            sqliteValue: try value(
                """
                SELECT scan.host FROM scan, json_each(scan.roots)
                WHERE node = ?1 AND (?2 = value OR substr(?2, 1, length(rtrim(value, '/')) + 1) = rtrim(value, '/') || '/')
                ORDER BY scan.id DESC LIMIT 1
                """, node, root.text))
    }

    /// The paths below a root whose images belonged to another owner than `host` when the machine last scanned them.
    ///
    /// - Returns: the paths, and their owners as in the column `host`.
    package func lastHosts(
        ofNode node: String, below root: RawPath, otherThan host: String
    ) throws(StoreError) -> [(root: String, host: String)] {
        try rows(
            """
            SELECT value, host FROM (
                SELECT value, scan.host, max(scan.id) FROM scan, json_each(scan.roots)
                WHERE node = ?1 AND substr(value, 1, length(rtrim(?2, '/')) + 1) = rtrim(?2, '/') || '/'
                GROUP BY value
            )
            WHERE host <> ?3 ORDER BY value
            """, node, root.text, host
        ) { row throws(SQLiteError) in (try row.column(0), try row.column(1)) }
    }
}

/// Whose images a question is about.
package enum HostScope: Sendable {
    /// A machine's own and those of the pools that it has scanned.
    case node(String)
    /// One host's or pool's, as in the column `host`.
    case host(String)
    case all

    /// SQL: whether a row with a column `host` is one of them. `?1` is `value`.
    var condition: String {
        switch self {
        case .node: "host IN (\(Pool.hostsOfNode))"
        case .host: "host = ?1"
        case .all: "?1 IS NULL"
        }
    }

    var value: String? {
        switch self {
        case .node(let name), .host(let name): name
        case .all: nil
        }
    }

    /// SQL: like `condition`, for rows that belong to a machine alone, such as repairs.
    var machineCondition: String {
        switch self {
        case .node, .host: "host = ?1"
        case .all: "?1 IS NULL"
        }
    }
}
