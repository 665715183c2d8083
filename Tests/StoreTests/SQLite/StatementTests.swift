import SQLite
import TestSupport
import Testing

@testable import Store

struct StatementTests {
    private let directory: TemporaryDirectory
    private let database: Database

    init() throws {
        directory = try TemporaryDirectory()
        database = try directory.open()
    }

    private func roundTrip(_ value: (any SQLiteBindable)?) throws -> SQLiteValue {
        try database.scalar("SELECT ?", value)
    }

    @Test(arguments: [
        SQLiteValue.null, .integer(.min), .integer(.max), .real(-0.5), .text(""), .text("a\0b"), .text("ü 🧪"),
        .blob([]), .blob([0, 255, 0]),
    ])
    func everyValueComesBackAsItWentIn(value: SQLiteValue) throws {
        #expect(try roundTrip(value) == value)
    }

    @Test func swiftTypesBecomeTheirStorageClass() throws {
        #expect(try roundTrip(nil) == .null)
        #expect(try roundTrip(UInt64(Int64.max)) == .integer(.max))
        #expect(try roundTrip(UInt8(255)) == .integer(255))
        #expect(try roundTrip(true) == .integer(1))
        #expect(try roundTrip([UInt8]()) == .blob([]))
        #expect(try roundTrip(2.5) == .real(2.5))
    }

    @Test func integersAboveInt64AreRefusedByName() throws {
        let statement = try database.prepare("SELECT :size")
        let error = try sqliteError { try statement.bind(UInt64(Int64.max) + 1) }
        #expect(error.code == .mismatch)
        #expect(error.description.contains("parameter :size cannot hold 9223372036854775808"))
    }

    @Test func invalidUTF8TextIsRepairedAndNotACrash() throws {
        #expect(try database.scalar("SELECT CAST(x'61FF62' AS TEXT)") == .text("a\u{FFFD}b"))
    }

    @Test func columnsAreReadByType() throws {
        let statement = try database.prepare("SELECT 7, 1.5, 'x', x'0102', NULL, 1, 3")
        #expect(try statement.step())
        #expect(try statement.column(0) as UInt64 == 7)
        #expect(try statement.column(0) as Double == 7)
        #expect(try statement.column(1) as Double == 1.5)
        #expect(try statement.column(2) as String? == "x")
        #expect(try statement.column(3) as [UInt8] == [1, 2])
        #expect(try statement.column(4) as Int64? == nil)
        #expect(try statement.column(5) as Bool)
        let types = ["integer", "real", "text", "blob", "null", "integer", "integer"]
        #expect(try statement.row().map(\.typeName) == types)
        #expect(try !statement.step())
    }

    @Test func columnsOfAnotherTypeOrRangeAreErrors() throws {
        let statement = try database.prepare("SELECT 'text' AS word, -1, NULL, 2")
        #expect(try statement.step())
        let error = try sqliteError { _ = try statement.column(0) as Int64 }
        #expect(error.description.contains("column 'word' holds text, which cannot be read as Int64"))
        #expect(try sqliteError { _ = try statement.column(1) as UInt64 }.code == .mismatch)
        #expect(try sqliteError { _ = try statement.column(2) as Int64 }.code == .mismatch)
        #expect(try sqliteError { _ = try statement.column(3) as Bool }.code == .mismatch)
        #expect(try sqliteError { _ = try statement.column(4) as Int64 }.code == .range)
        #expect(try sqliteError { _ = try statement.column(-1) as Int64 }.code == .range)
    }

    @Test func wrongNumberOfValuesIsAnError() throws {
        let statement = try database.prepare("SELECT ?, ?")
        #expect(try sqliteError { try statement.bind(1) }.description.contains("2 parameters, but 1 values"))
        #expect(try sqliteError { try statement.bind(1, 2, 3) }.code == .range)
    }

    @Test func parametersAreListedAndBoundByName() throws {
        let statement = try database.prepare("SELECT :a, ?, @b, $c, :a")
        #expect(statement.parameterNames == [":a", nil, "@b", "$c"])
        try statement.bind("x", named: ":a")
        try statement.bind(5, named: "$c")
        #expect(try statement.step())
        #expect(try statement.row() == [.text("x"), .null, .null, .integer(5), .text("x")])
        statement.reset()
        #expect(try sqliteError { try statement.bind(1, named: ":missing") }.code == .range)
        #expect(try sqliteError { try statement.bind(1, named: ":a\0") }.code == .range)
        #expect(try sqliteError { try statement.bind(1, at: -1) }.code == .range)
    }

    @Test func columnNamesAreTheQuerys() throws {
        let statement = try database.prepare("SELECT 1 AS one, 2 AS \"two words\"")
        #expect(statement.columnNames == ["one", "two words"])
        #expect(statement.columnCount == 2)
    }

    @Test func statementsAreRunAgainWithNewValues() throws {
        try database.execute("CREATE TABLE t (a UNIQUE, b)")
        let insert = try database.prepare("INSERT INTO t VALUES (?, ?)")
        try insert.run(1, "x")
        #expect(try sqliteError { try insert.run(1, "y") }.code == .constraintUnique)
        try insert.run(2, nil)
        #expect(database.lastInsertRowID == 2)
        #expect(database.changes == 1)
        try database.execute("UPDATE t SET b = 0")
        #expect(database.changes == 2)
    }

    @Test func finishedStatementsHoldNoLock() throws {
        try database.execute("CREATE TABLE t (a)")
        let select = try database.prepare("SELECT a FROM t")
        #expect(try !select.step())
        let other = try directory.open()
        try other.execute("INSERT INTO t VALUES (1)")
        #expect(try select.step())
    }

    @Test func readOnlyStatementsAreRecognized() throws {
        try database.execute("CREATE TABLE t (a)")
        #expect(try database.prepare("SELECT * FROM t").isReadOnly)
        #expect(try !database.prepare("DELETE FROM t").isReadOnly)
        #expect(try !database.prepare("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x").isReadOnly)
    }
}
