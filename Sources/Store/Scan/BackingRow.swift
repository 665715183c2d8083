import Files
import QED
import SQLite

/// A row of `backing`: its columns and their values, in one order.
struct BackingRow {
    /// The columns that a scan fills; `base_changed_scan_id` and `scan_id` come from the comparison with the row
    /// before.
    static let columns = [
        "name", "name_bytes", "kind", "is_raw_flag", "virtual_size", "inode", "birth_ns",
        "base_path", "base_path_bytes", "state", "errno", "base_type",
        "base_device", "base_inode", "base_mtime_ns", "base_is_qed", "base_virtual_size",
    ]

    /// In the order of `columns`.
    let values: [SQLiteValue]

    init(values: [SQLiteValue]) { self.values = values }

    /// - Parameter link: if its name is not a file's, no backing file was looked at.
    init(_ link: BackingLink) {
        let reference = link.reference
        let name = RawPath(bytes: reference.name.bytes).columns
        values =
            [
                .text(name.text), name.bytes.map { .blob($0) } ?? .null, .text(link.kind.rawValue),
                .integer(reference.isRaw ? 1 : 0), .integer(Int64(clamping: reference.imageSize)),
                .integer(Int64(bitPattern: reference.inode)), reference.birthTime.map { .integer($0) } ?? .null,
            ] + BackingRow.base(link.kind == .file ? link.base : nil)
    }

    private static func base(_ base: BackingTarget?) -> [SQLiteValue] {
        guard let base else { return [SQLiteValue](repeating: .null, count: 10) }
        let path = base.path.columns
        let isFound = base.state == .found
        return [
            .text(path.text), path.bytes.map { .blob($0) } ?? .null, .text(base.state.rawValue),
            base.code == 0 ? .null : .integer(Int64(base.code)), base.fileType.map { .text($0.rawValue) } ?? .null,
            base.device.map { .integer(Int64(bitPattern: $0)) } ?? .null,
            base.inode.map { .integer(Int64(bitPattern: $0)) } ?? .null,
            base.modificationTime.map { .integer($0) } ?? .null, isFound ? .integer(base.isQED ? 1 : 0) : .null,
            base.virtualSize.map { .integer(Int64(clamping: $0)) } ?? .null,
        ]
    }

    /// Whether overlay and backing file have the same names as in an earlier row.
    func continues(_ earlier: BackingRow) -> Bool {
        ["name", "name_bytes", "inode", "birth_ns", "base_path", "base_path_bytes"].allSatisfy {
            value($0) == earlier.value($0)
        }
    }

    /// Whether the backing file has changed since an earlier row.
    func hasOtherBase(than earlier: BackingRow) -> Bool {
        let found = SQLiteValue.text(BackingTarget.State.found.rawValue)
        guard value("state") == found, earlier.value("state") == found else { return false }
        return ["base_mtime_ns", "base_is_qed", "base_virtual_size"].contains { value($0) != earlier.value($0) }
    }

    private func value(_ column: String) -> SQLiteValue {
        BackingRow.columns.firstIndex(of: column).map { values[$0] } ?? .null
    }
}

/// Keeps the row of `backing` of an overlay up to date.
struct BackingWriter {
    private let select: Statement
    private let insert: Statement
    private let upsert: Statement
    private let delete: Statement

    init(_ database: Database) throws(SQLiteError) {
        let columns = BackingRow.columns + ["base_changed_scan_id", "scan_id"]
        select = try database.prepare(
            """
            SELECT base_changed_scan_id, \(BackingRow.columns.joined(separator: ", "))
            FROM backing WHERE image_id = ?
            """)
        let insertion =
            """
            INSERT INTO backing (image_id, \(columns.joined(separator: ", ")))
            VALUES (?, \(columns.map { _ in "?" }.joined(separator: ", ")))
            """
        insert = try database.prepare(insertion)
        upsert = try database.prepare(
            """
            \(insertion)
            ON CONFLICT (image_id) DO UPDATE SET \(columns.map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
            """)
        delete = try database.prepare("DELETE FROM backing WHERE image_id = ?")
    }

    /// Writes only if something differs. Call it in a transaction.
    ///
    /// - Parameter isNew: whether this scan has added the image, so that there is no row yet.
    func write(_ backing: ImageBacking, imageID: Int64, isNew: Bool = false, scanID: Int64) throws(SQLiteError) {
        switch backing {
        case .unknown: break
        case .none: if !isNew { try delete.run(row: [.integer(imageID)]) }
        case .link(let link):
            let row = BackingRow(link)
            guard isNew else {
                guard try !isThere(row, imageID: imageID) else { return }
                return try write(row, imageID: imageID, scanID: scanID)
            }
            try insert.run(row: [.integer(imageID)] + row.values + [.null, .integer(scanID)])
        }
    }

    private func write(_ row: BackingRow, imageID: Int64, scanID: Int64) throws(SQLiteError) {
        let (earlier, changedBefore) = try earlierRow(imageID)
        var changed = SQLiteValue.null
        if let earlier, row.continues(earlier) {
            changed = row.hasOtherBase(than: earlier) ? .integer(scanID) : changedBefore
        }
        try upsert.run(row: [.integer(imageID)] + row.values + [changed, .integer(scanID)])
    }

    /// Whether the row exists unchanged. It mostly does, so its values are compared without reading them.
    private func isThere(_ row: BackingRow, imageID: Int64) throws(SQLiteError) -> Bool {
        try select.bind(imageID)
        guard try select.step() else { return false }
        defer { select.reset() }
        for (index, value) in row.values.enumerated() where !select.holds(value, at: Int32(index + 1)) { return false }
        return true
    }

    private func earlierRow(_ imageID: Int64) throws(SQLiteError) -> (BackingRow?, changed: SQLiteValue) {
        try select.bind([.integer(imageID)])
        guard try select.step() else { return (nil, .null) }
        defer { select.reset() }
        let values = try select.row()
        return (BackingRow(values: Array(values.dropFirst())), values.first ?? .null)
    }
}

/// SQL that finds the image that an overlay's backing file is, in one machine's store and in a merged one.
enum BackingImage {
    /// A common table expression that `base` needs: the hosts and pools that each machine scans.
    static let owner = "owner (node, host) AS MATERIALIZED (SELECT DISTINCT node, host FROM main.scan)"

    /// Whether `base`, a row of `image`, has the path of `backing`.
    static let hasPath =
        "base.path = backing.base_path AND ifnull(base.path_bytes, x'') = ifnull(backing.base_path_bytes, x'')"

    /// The ID of the image that `backing` leads to, for the overlay `image`, which the scan `seen` saw last; NULL if
    /// none is known. An image of the same host or pool comes first, then one of another host or pool that the same
    /// machine scans, then one with the same device and inode: the path is better evidence, as a device may get another
    /// number.
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
