import CSQLite

/// An SQLite result code, extended where SQLite gives one. Codes this program has no name for are kept as they are.
///
/// See <https://www.sqlite.org/rescode.html>.
package struct ResultCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The code without its extension: `cantOpenSymlink.primary == cantOpen`.
    package var primary: ResultCode {
        ResultCode(rawValue: rawValue & 0xff)
    }
}

extension ResultCode: CustomStringConvertible {
    /// SQLite's English words for the primary code, and the number.
    package var description: String {
        "\(String(cString: sqlite3_errstr(rawValue))) (\(rawValue))"
    }
}

// MARK: - Primary codes

extension ResultCode {
    package static let ok = ResultCode(rawValue: SQLITE_OK)
    package static let row = ResultCode(rawValue: SQLITE_ROW)
    package static let done = ResultCode(rawValue: SQLITE_DONE)
    package static let error = ResultCode(rawValue: SQLITE_ERROR)
    package static let busy = ResultCode(rawValue: SQLITE_BUSY)
    package static let locked = ResultCode(rawValue: SQLITE_LOCKED)
    package static let noMemory = ResultCode(rawValue: SQLITE_NOMEM)
    package static let readOnly = ResultCode(rawValue: SQLITE_READONLY)
    package static let interrupted = ResultCode(rawValue: SQLITE_INTERRUPT)
    package static let ioError = ResultCode(rawValue: SQLITE_IOERR)
    package static let corrupt = ResultCode(rawValue: SQLITE_CORRUPT)
    package static let full = ResultCode(rawValue: SQLITE_FULL)
    package static let cantOpen = ResultCode(rawValue: SQLITE_CANTOPEN)
    package static let tooBig = ResultCode(rawValue: SQLITE_TOOBIG)
    package static let constraint = ResultCode(rawValue: SQLITE_CONSTRAINT)
    package static let mismatch = ResultCode(rawValue: SQLITE_MISMATCH)
    package static let misuse = ResultCode(rawValue: SQLITE_MISUSE)
    package static let range = ResultCode(rawValue: SQLITE_RANGE)
    package static let notADatabase = ResultCode(rawValue: SQLITE_NOTADB)
}

// MARK: - Extended codes that an administrator is told apart

extension ResultCode {
    package static let cantOpenDirectory = cantOpen.extended(2)
    package static let cantOpenSymlink = cantOpen.extended(6)
    package static let readOnlyRecovery = readOnly.extended(1)
    package static let readOnlyRollback = readOnly.extended(3)
    package static let readOnlyMoved = readOnly.extended(4)
    package static let readOnlyCantInit = readOnly.extended(5)
    package static let readOnlyDirectory = readOnly.extended(6)
    package static let shortRead = ioError.extended(2)
    package static let constraintForeignKey = constraint.extended(3)
    package static let constraintUnique = constraint.extended(8)

    /// SQLite keeps the extension in the bits above the primary code's eight.
    private func extended(_ number: Int32) -> ResultCode {
        ResultCode(rawValue: rawValue | number << 8)
    }
}
