import Repair
import SQLite

/// What the store says, as a failure of the repair.
extension RepairFailure: SQLiteErrorConvertible {
    package init(_ error: SQLiteError) { self = .journal(error.description) }

    static func wrap<Result>(_ body: () throws(SQLiteError) -> Result) throws(RepairFailure) -> Result {
        do throws(SQLiteError) {
            return try body()
        } catch {
            throw RepairFailure(error)
        }
    }

    static func wrapStore<Result>(_ body: () throws(StoreError) -> Result) throws(RepairFailure) -> Result {
        do throws(StoreError) {
            return try body()
        } catch {
            throw .journal(error.description)
        }
    }
}

extension Statement {
    /// A column that holds a name of the program's.
    ///
    /// - Throws: `SQLiteError` for a name that this program does not know.
    func name<Name: RawRepresentable<String>>(
        at index: Int, as type: Name.Type = Name.self
    ) throws(SQLiteError) -> Name {
        let text: String = try column(index)
        guard let name = Name(rawValue: text) else {
            throw database.refusal(.mismatch, "column '\(columnNames[index])' holds '\(text)', which is no \(type)")
        }
        return name
    }
}
