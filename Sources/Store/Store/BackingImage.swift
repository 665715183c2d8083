/// Which image an overlay's backing file is, as SQL: for one machine's store and for a merged one.
enum BackingImage {
    /// A common table expression that `base` needs: the hosts and pools that a machine scans.
    static let owner = "owner (node, host) AS MATERIALIZED (SELECT DISTINCT node, host FROM main.scan)"

    /// Whether `base`, a row of `image`, has the path of `backing`.
    static let hasPath =
        "base.path = backing.base_path AND ifnull(base.path_bytes, x'') = ifnull(backing.base_path_bytes, x'')"

    /// The id of the image that `backing` leads to, of the overlay `image`, which the scan `seen` saw last; NULL if none is
    /// known: one that is there, of the same host or pool, else of another that the machine scans which saw the overlay. By
    /// its path first, as a device may get another number.
    static let base = """
        coalesce(
            (
                SELECT base.id FROM main.image AS base
                WHERE base.host = image.host AND \(hasPath) AND base.missing_since_scan_id IS NULL
            ),
            (
                SELECT base.id FROM owner CROSS JOIN main.image AS base ON base.host = owner.host AND \(hasPath)
                WHERE owner.node = seen.node
                ORDER BY base.missing_since_scan_id IS NOT NULL, base.host LIMIT 1
            ),
            (
                SELECT base.id FROM main.image AS base
                -- Another machine has other numbers for the same devices.
                JOIN main.scan AS base_seen ON base_seen.id = base.last_scan_id AND base_seen.node = seen.node
                WHERE base.device = backing.base_device AND base.inode = backing.base_inode
                    AND base.missing_since_scan_id IS NULL
                ORDER BY base.host, base.path, base.path_bytes LIMIT 1
            ))
        """
}
