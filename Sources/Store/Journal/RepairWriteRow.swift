import Repair
import SQLite

/// A row of `repair_write` without its repair and number: a write's columns and their values, in one order.
enum RepairWriteRow {
    static let columns = [
        "phase", "action", "kind", "file_offset", "length", "source_offset", "before", "after",
    ]

    /// The column `kind`.
    private enum Kind: String {
        case words, append, copy, release
    }

    static func values(_ write: RepairWrite) -> [(any SQLiteBindable)?] {
        let head: [(any SQLiteBindable)?] = [write.phase.rawValue, write.action.rawValue]
        let place: [(any SQLiteBindable)?] = [write.offset, write.length]
        switch write.content {
        case .words(let before, let after): return head + [Kind.words.rawValue] + place + [nil, before, after]
        case .append(let bytes): return head + [Kind.append.rawValue] + place + [nil, nil, bytes]
        case .copy(let source, _): return head + [Kind.copy.rawValue] + place + [source, nil, nil]
        case .release(_, let saved): return head + [Kind.release.rawValue] + place + [nil, saved, nil]
        }
    }

    /// Reads the row that a statement which selects `columns` stands at.
    static func write(_ row: Statement) throws(SQLiteError) -> RepairWrite {
        let length: UInt64 = try row.column(4)
        let content: RepairWrite.Content
        switch try row.name(at: 2, as: Kind.self) {
        case .words: content = .words(before: try row.column(6), after: try row.column(7))
        case .append: content = .append(try row.column(7))
        case .copy: content = .copy(source: try row.column(5), length: length)
        case .release: content = .release(length: length, saved: try row.column(6))
        }
        return RepairWrite(try row.name(at: 0), try row.name(at: 1), at: try row.column(3), content)
    }
}
