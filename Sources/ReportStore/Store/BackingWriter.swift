import QED

/// Keeps the one row of `backing` that an overlay has.
struct BackingWriter {
    private let select: Statement
    private let upsert: Statement
    private let delete: Statement

    init(_ database: Database) throws(SQLiteError) {
        let columns = BackingRow.columns + ["base_changed_scan_id", "scan_id"]
        select = try database.prepare(
            """
            SELECT base_changed_scan_id, \(BackingRow.columns.joined(separator: ", "))
            FROM backing WHERE image_id = ?
            """)
        upsert = try database.prepare(
            """
            INSERT INTO backing (image_id, \(columns.joined(separator: ", ")))
            VALUES (?, \(columns.map { _ in "?" }.joined(separator: ", ")))
            ON CONFLICT (image_id) DO UPDATE SET \(columns.map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
            """)
        delete = try database.prepare("DELETE FROM backing WHERE image_id = ?")
    }

    /// Writes only if something differs. Belongs into a transaction.
    func write(_ backing: ImageBacking, imageID: Int64, scanID: Int64) throws(SQLiteError) {
        switch backing {
        case .unknown: break
        case .none: try delete.run(imageID)
        case .link(let link): try write(BackingRow(link), imageID: imageID, scanID: scanID)
        }
    }

    private func write(_ row: BackingRow, imageID: Int64, scanID: Int64) throws(SQLiteError) {
        let (earlier, changedBefore) = try earlierRow(imageID)
        guard row.values != earlier?.values else { return }
        var changed = SQLiteValue.null
        if let earlier, row.continues(earlier) {
            changed = row.hasOtherBase(than: earlier) ? .integer(scanID) : changedBefore
        }
        try upsert.bind([.integer(imageID)] + row.values + [changed, .integer(scanID)])
        try upsert.run()
    }

    private func earlierRow(_ imageID: Int64) throws(SQLiteError) -> (BackingRow?, changed: SQLiteValue) {
        try select.bind(imageID)
        guard try select.step() else { return (nil, .null) }
        defer { select.reset() }
        let values = try select.row()
        return (BackingRow(values: Array(values.dropFirst())), values.first ?? .null)
    }
}
