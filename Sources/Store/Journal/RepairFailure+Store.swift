import Repair
import SQLite

/// An error of the store is a failure of the repair's journal.
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
