import FuzzDriver

@testable import SQLite
@testable import Store

/// A value of a row that the program would never write: what comes out of a damaged page or from another program.
struct ValuePatch {
    private let table: UInt8
    private let column: UInt8
    private let row: UInt8
    private let value: SQLiteValue

    init(_ input: inout FuzzInput) {
        (table, column, row) = (input.integer(), input.integer(), input.integer())
        let kind: UInt8 = input.integer()
        switch kind & 7 {
        case 0: value = .null
        case 1: value = .integer(input.integer())
        case 2: value = .integer(kind & 8 == 0 ? .max : .min)
        case 3: value = .integer(Int64(input.integer(Int8.self)))
        case 4: value = .blob(input.bytes(Int(kind >> 3)))
        case 5: value = .real(Double(bitPattern: input.integer()))
        default: value = .text(String(decoding: input.bytes(Int(kind >> 3)), as: UTF8.self))
        }
    }

    /// Makes the changes that SQLite lets be made; the types of columns are always kept to.
    static func apply(_ patches: [ValuePatch]) {
        guard !patches.isEmpty else { return }
        do throws(SQLiteError) {
            let database = try Database(path: StoreState.path, mode: .readWrite)
            try database.setChecksConstraints(false)
            try database.execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF")
            let columns = try columns(of: database)
            for patch in patches { patch.apply(to: database, columns) }
            try database.close()
        } catch {
            // The store is as it was, or damaged already.
        }
    }

    private func apply(to database: Database, _ columns: [(table: String, names: [String])]) {
        guard !columns.isEmpty else { return }
        let (table, names) = columns[Int(table) % columns.count]
        let name = names[Int(column) % names.count]
        do throws(SQLiteError) {
            try database.prepare(
                """
                UPDATE "\(table)" SET "\(name)" = ?
                WHERE rowid = (SELECT rowid FROM "\(table)" LIMIT 1 OFFSET \(row % 16))
                """
            ).run(value)
        } catch {
            // Refused: not the column's type, or not unique.
        }
    }

    /// The tables that have rows of a pool, in order.
    private static func columns(of database: Database) throws(SQLiteError) -> [(table: String, names: [String])] {
        let statement = try database.prepare(
            """
            SELECT t.name, group_concat(c.name) FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
            WHERE t.type = 'table' AND t.name <> 'schema_migration' GROUP BY 1 ORDER BY 1
            """)
        var columns: [(String, [String])] = []
        while try statement.step() {
            let names: String = try statement.column(1)
            columns.append((try statement.column(0), names.split(separator: ",").map(String.init)))
        }
        return columns
    }
}
