/// A value as SQLite stores it: one of its five storage classes.
package enum SQLiteValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// The storage class in the words of SQLite's `typeof()`.
    package var typeName: String {
        switch self {
        case .null: "null"
        case .integer: "integer"
        case .real: "real"
        case .text: "text"
        case .blob: "blob"
        }
    }
}

// MARK: - Into SQLite

/// A type whose values can be bound to a parameter.
package protocol SQLiteBindable {
    /// The value to store, or nil if SQLite has no exact form of it: an integer above `Int64.max`.
    var sqliteValue: SQLiteValue? { get }
}

extension SQLiteBindable where Self: FixedWidthInteger {
    package var sqliteValue: SQLiteValue? {
        Int64(exactly: self).map(SQLiteValue.integer)
    }
}

extension Int: SQLiteBindable {}
extension Int32: SQLiteBindable {}
extension Int64: SQLiteBindable {}
extension UInt8: SQLiteBindable {}
extension UInt16: SQLiteBindable {}
extension UInt32: SQLiteBindable {}
extension UInt64: SQLiteBindable {}

extension Double: SQLiteBindable {
    /// SQLite stores NaN as NULL.
    package var sqliteValue: SQLiteValue? { .real(self) }
}

extension String: SQLiteBindable {
    package var sqliteValue: SQLiteValue? { .text(self) }
}

extension Bool: SQLiteBindable {
    /// SQLite has no Boolean: 0 or 1.
    package var sqliteValue: SQLiteValue? { .integer(self ? 1 : 0) }
}

extension [UInt8]: SQLiteBindable {
    package var sqliteValue: SQLiteValue? { .blob(self) }
}

extension SQLiteValue: SQLiteBindable {
    package var sqliteValue: SQLiteValue? { self }
}

// MARK: - Out of SQLite

/// A type that a column's value can be read as. Nothing is converted that would change its meaning: text is no number.
package protocol SQLiteReadable {
    /// Nil if the value is of another storage class or out of the type's range.
    init?(sqliteValue: SQLiteValue)
}

extension SQLiteReadable where Self: FixedWidthInteger {
    package init?(sqliteValue: SQLiteValue) {
        guard case .integer(let integer) = sqliteValue else { return nil }
        self.init(exactly: integer)
    }
}

extension Int: SQLiteReadable {}
extension Int32: SQLiteReadable {}
extension Int64: SQLiteReadable {}
extension UInt8: SQLiteReadable {}
extension UInt16: SQLiteReadable {}
extension UInt32: SQLiteReadable {}
extension UInt64: SQLiteReadable {}

extension Double: SQLiteReadable {
    /// Reads integers too: SQLite gives a whole sum or average in either class.
    package init?(sqliteValue: SQLiteValue) {
        switch sqliteValue {
        case .real(let real): self = real
        case .integer(let integer): self.init(integer)
        default: return nil
        }
    }
}

extension String: SQLiteReadable {
    package init?(sqliteValue: SQLiteValue) {
        guard case .text(let text) = sqliteValue else { return nil }
        self = text
    }
}

extension Bool: SQLiteReadable {
    /// Reads 0 and 1 only.
    package init?(sqliteValue: SQLiteValue) {
        switch sqliteValue {
        case .integer(0): self = false
        case .integer(1): self = true
        default: return nil
        }
    }
}

extension [UInt8]: SQLiteReadable {
    package init?(sqliteValue: SQLiteValue) {
        guard case .blob(let bytes) = sqliteValue else { return nil }
        self = bytes
    }
}

extension SQLiteValue: SQLiteReadable {
    package init?(sqliteValue: SQLiteValue) {
        self = sqliteValue
    }
}

extension Optional: SQLiteReadable where Wrapped: SQLiteReadable {
    /// NULL is nil; any other value must be of the wrapped type.
    package init?(sqliteValue: SQLiteValue) {
        if case .null = sqliteValue {
            self = .none
        } else if let value = Wrapped(sqliteValue: sqliteValue) {
            self = .some(value)
        } else {
            return nil
        }
    }
}
