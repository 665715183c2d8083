import Files

/// Why a store cannot be brought to, or used at, this program's version. One case for each way they can disagree.
package enum MigrationError: Error, Equatable {
    /// The database belongs to something else.
    case notAStore(path: String)
    /// The store was written by a later version of the program.
    case storeIsNewer(path: String, storeVersion: Int, programVersion: Int)
    /// A reader met a store that lacks migrations; version 0 is an empty file.
    case needsMigration(path: String, storeVersion: Int, programVersion: Int)
    /// A migration in the store's history is not the one in the program.
    case edited(path: String, applied: AppliedMigration, inProgram: Migration)
    /// The store's history lacks a migration before its last.
    case historyHasGap(path: String, missing: Int)
    /// A migration did not run; nothing of it was kept.
    case failed(Migration, SQLiteError)
    /// A migration has a statement that would end or escape its transaction.
    case forbiddenStatement(Migration, keyword: String)
    /// A file's name is not of the form `NNNN_verb_noun.sql`.
    case invalidName(String)
    /// The program's migrations are not numbered 1, 2, 3, …
    case numbering(expected: Int, found: String)
    /// The store could not be read or written at all.
    case database(SQLiteError)
}

extension MigrationError: SQLiteErrorConvertible {
    package init(_ error: SQLiteError) {
        self = .database(error)
    }
}

extension MigrationError: CustomStringConvertible {
    /// One sentence for an administrator, on one line and without control characters.
    package var description: String {
        sentence.escapingControlCharacters
    }

    private var sentence: String {
        switch self {
        case .notAStore(let path):
            "\(path) is a SQLite database but not a qedscan store"
        case .storeIsNewer(let path, let storeVersion, let programVersion):
            "\(path) is of store version \(storeVersion), newer than this program, which knows up to version "
                + "\(programVersion): use a newer qedscan"
        case .needsMigration(let path, 0, _):
            "\(path) is empty: any scan makes it a store"
        case .needsMigration(let path, let storeVersion, let programVersion):
            "\(path) is of store version \(storeVersion), older than this program's version \(programVersion): "
                + "any scan brings it up to date"
        case .edited(let path, let applied, let inProgram):
            "\(path) was made with a migration \(applied.name) (applied \(applied.appliedAt)) that differs from this "
                + "program's \(inProgram.name): the two come from different sources"
        case .historyHasGap(let path, let missing):
            "\(path) has a damaged history: migration \(missing) is missing from its table schema_migration"
        case .failed(let migration, let error):
            "migration \(migration.name) failed and was rolled back: \(error)"
        case .forbiddenStatement(let migration, let keyword):
            "migration \(migration.name) contains \(keyword), which is not allowed as each migration runs in a "
                + "transaction of its own"
        case .invalidName(let name):
            "a migration is called \(name), which is not of the form NNNN_verb_noun.sql"
        case .numbering(let expected, let found):
            "the program's migrations must be numbered without gap or repeat: expected number \(expected), "
                + "found \(found)"
        case .database(let error):
            error.description
        }
    }
}
