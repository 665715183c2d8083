import Assets
import SQLite

/// How far a store has come along the program's migrations.
package struct StoreVersion: Sendable {
    /// The number of its last migration; 0 for an empty file.
    package let number: Int
    /// The names of those that it lacks, in order.
    package let missing: [String]

    /// Reads it; changes nothing.
    ///
    /// - Throws: `StoreError.migration` for a file that is no store, is newer, or has another history.
    package init(ofStoreAt path: String) throws(StoreError) {
        let database = try StoreError.wrap { () throws(SQLiteError) in try Database(path: path, mode: .readOnly) }
        do throws(MigrationError) {
            let migrator = try Migrator(migrations: Assets.migrations)
            do throws(MigrationError) {
                try migrator.verify(database)
                (number, missing) = (migrator.version, [])
            } catch {
                guard case .needsMigration(_, let version, _) = error else { throw error }
                (number, missing) = (version, migrator.migrations.dropFirst(version).map(\.name))
            }
        } catch {
            throw .migration(error)
        }
    }
}
