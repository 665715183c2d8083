/// Why a database cannot be brought to, or used at, the program's version. Each way to disagree has its case.
///
/// Whoever owns the database gives the messages.
package enum MigrationError: Error, Equatable {
    /// The database belongs to another program.
    case notAStore(path: String)
    /// The database was written by a later version of the program.
    case storeIsNewer(path: String, storeVersion: Int, programVersion: Int)
    /// A reader has met a database that lacks migrations; version 0 is an empty file.
    case needsMigration(path: String, storeVersion: Int, programVersion: Int)
    /// A migration in the database's history differs from the program's.
    case edited(path: String, applied: AppliedMigration, inProgram: Migration)
    /// The database's history lacks a migration before its last.
    case historyHasGap(path: String, missing: Int)
    /// A migration failed; nothing of it was kept.
    case failed(Migration, SQLiteError)
    /// A migration contains a statement that would end or escape its transaction.
    case forbiddenStatement(Migration, keyword: String)
    /// A file's name is not of the form `NNNN_verb_noun.sql`.
    case invalidName(String)
    /// The program's migrations are not numbered 1, 2, 3, …
    case numbering(expected: Int, found: String)
    /// The database could not be read or written at all.
    case database(SQLiteError)
}

extension MigrationError: SQLiteErrorConvertible {
    package init(_ error: SQLiteError) {
        self = .database(error)
    }
}
