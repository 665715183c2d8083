/// When a transaction takes its locks. See <https://www.sqlite.org/lang_transaction.html>.
package enum TransactionKind: String, Sendable {
    /// A read lock with the first read, a write lock with the first write: one consistent view for several reads.
    case deferred = "DEFERRED"
    /// The write lock at once, so that what is read then is still true when it is written.
    case immediate = "IMMEDIATE"
    case exclusive = "EXCLUSIVE"
}

extension Database {
    /// Runs `body` in a transaction: commits when it returns, takes everything back when it throws.
    ///
    /// The closure names its error type, as Swift infers none for closures: `{ () throws(SQLiteError) in … }`.
    ///
    /// - Throws: the body's error, or SQLite's if the transaction could not begin or commit. An error of the rollback
    ///   itself is dropped in favour of the first. Transactions do not nest.
    package func transaction<Result, Failure: SQLiteErrorConvertible>(
        _ kind: TransactionKind, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try execute("BEGIN \(kind.rawValue)", throwing: Failure.self)
        do throws(Failure) {
            let result = try body()
            try execute("COMMIT", throwing: Failure.self)
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    private func execute<Failure: SQLiteErrorConvertible>(_ sql: String, throwing: Failure.Type) throws(Failure) {
        do throws(SQLiteError) {
            try execute(sql)
        } catch {
            throw Failure(error)
        }
    }

    /// SQLite ends a transaction by itself after some errors (disk full, I/O); then there is nothing left to do.
    private func rollBack() {
        guard isInTransaction else { return }
        do throws(SQLiteError) {
            try execute("ROLLBACK")
        } catch {
            // The error that led here is the one to report.
        }
    }
}

/// An error type that can stand for SQLite's errors.
package protocol SQLiteErrorConvertible: Error {
    init(_ error: SQLiteError)
}

extension SQLiteError: SQLiteErrorConvertible {
    package init(_ error: SQLiteError) {
        self = error
    }
}
