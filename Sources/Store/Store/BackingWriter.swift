import QED
import SQLite

/// Keeps the one row of `backing` that an overlay has.
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

    /// Writes only if something differs. Belongs into a transaction.
    ///
    /// - Parameter isNew: the image has been added by this scan, so that there is no row.
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

    /// Whether a row is there as it is: so it is mostly, so the values that are there are only compared.
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
