import SQLite
import Testing

@testable import Store

struct SQLiteErrorTests {
    @Test func unknownCodesSurvive() {
        let code = ResultCode(rawValue: 10 | 200 << 8)
        #expect(code.rawValue == 51210)
        #expect(code.primary == .ioError)
        #expect(ResultCode.cantOpenSymlink.rawValue == 1550)
    }

    @Test func controlCharactersOfPathsAndMessagesAreEscaped() {
        let error = SQLiteError(code: .corrupt, message: "bad\u{1B}[31m\n\u{85}\u{202E}", path: "/a\u{7}\r/b.db")
        #expect(error.description == "/a\\x07\\x0d/b.db is damaged: bad\\x1b[31m\\x0a\\xc2\\x85\\xe2\\x80\\xae")
    }

    @Test(arguments: [
        (ResultCode.full, "full"), (.readOnly, "read-only"), (.readOnlyDirectory, "directory is read-only"),
        (.readOnlyRollback, "crash"), (.readOnlyMoved, "moved or removed"), (.notADatabase, "not a SQLite database"),
        (.busy, "another process"), (.locked, "this process"), (.cantOpen, "Permission denied"),
        (.cantOpenSymlink, "symbolic link"), (.ioError, "Permission denied"), (.shortRead, "truncated"),
        (.corrupt, "damaged: the message"), (.interrupted, "interrupted"), (.noMemory, "memory"),
        (.constraint, "the message (in: SELECT 1)"), (ResultCode(rawValue: 99), "the message (in: SELECT 1)"),
    ])
    func everyCodeHasItsSentence(code: ResultCode, words: String) {
        let error = SQLiteError(
            code: code, message: "the message", sql: "SELECT\n 1", path: "/p", systemErrno: 13)
        #expect(error.description.hasPrefix("/p "))
        #expect(error.description.contains(words))
    }

    @Test func longStatementsAreCut() {
        let error = SQLiteError(
            code: .error, message: "m", sql: String(repeating: "word ", count: 100), path: "/p")
        #expect(error.description.count < 200)
        #expect(error.description.hasSuffix("…)"))
    }
}
