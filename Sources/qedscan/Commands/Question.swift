import CommandSyntax
import SQLite
import Store

/// One statement whose rows are printed.
struct Question {
    let sql: String
    let values: ParameterValues
    let format: AnswerFormat
    let palette: Palette
    var roundsBytes = false

    /// - Throws: if the values are not those that the statement's parameters need.
    func ask(_ database: Database) throws(UsageError) -> ExitStatus {
        guard let statement = prepare(in: database) else { return .failed }
        try values.requireFit(to: statement)
        do throws(SQLiteError) {
            try values.bind(to: statement)
            let columns = statement.columnNames
            var writer = format.writer(columns: columns, palette: palette, roundsBytes: roundsBytes)
            while try statement.step() { writer.write(try statement.row()) }
            writer.finish()
            return .success
        } catch {
            return report(error)
        }
    }

    /// The statement, or nil, with the reason on stderr, if it is no question.
    private func prepare(in database: Database) -> Statement? {
        do throws(SQLiteError) {
            try database.restrictToQueries()
            let statement = try database.prepare(sql)
            guard statement.isReadOnly else {
                Diagnostic.error("the statement would write, and the store is only read here")
                return nil
            }
            guard statement.columnCount > 0 else {
                Diagnostic.error("the statement gives no rows: it is no question")
                return nil
            }
            return statement
        } catch {
            _ = report(error)
            return nil
        }
    }

    private func report(_ error: SQLiteError) -> ExitStatus {
        // A mistake in the statement is not the store's.
        Diagnostic.error(error.code.primary == .error ? "the statement: \(error.message)" : error.description)
        return .failed
    }
}
