import SQLite
import Store

extension PageRow {
    /// A printable text; nil for NULL.
    func text(_ column: String) -> String? { self[column] == .null ? nil : TableWriter.text(self[column]) }
}
