import Files
import QED
import SQLite

/// A row of `backing`: its columns and their values, in one order.
struct BackingRow {
    /// Those that a scan gives; `base_changed_scan_id` and `scan_id` come from comparing it with the row before.
    static let columns = [
        "name", "name_bytes", "kind", "is_raw_flag", "virtual_size", "inode", "birth_ns",
        "base_path", "base_path_bytes", "state", "errno", "base_type",
        "base_device", "base_inode", "base_mtime_ns", "base_is_qed", "base_virtual_size",
    ]

    /// In the order of `columns`.
    let values: [SQLiteValue]

    init(values: [SQLiteValue]) { self.values = values }

    /// A name that is not a file's has no backing file that was looked at.
    init(_ link: BackingLink) {
        let reference = link.reference
        let name = RawPath(bytes: reference.name.bytes).columns
        values =
            [
                .text(name.text), name.bytes.map { .blob($0) } ?? .null, .text(link.kind.rawValue),
                .integer(reference.isRaw ? 1 : 0), .integer(Int64(clamping: reference.imageSize)),
                .integer(Int64(bitPattern: reference.inode)), reference.birthTime.map { .integer($0) } ?? .null,
            ] + BackingRow.base(link.kind == .file ? link.base : nil)
    }

    private static func base(_ base: BackingTarget?) -> [SQLiteValue] {
        guard let base else { return [SQLiteValue](repeating: .null, count: 10) }
        let path = base.path.columns
        let isFound = base.state == .found
        return [
            .text(path.text), path.bytes.map { .blob($0) } ?? .null, .text(base.state.rawValue),
            base.code == 0 ? .null : .integer(Int64(base.code)), base.fileType.map { .text($0.rawValue) } ?? .null,
            base.device.map { .integer(Int64(bitPattern: $0)) } ?? .null,
            base.inode.map { .integer(Int64(bitPattern: $0)) } ?? .null,
            base.modificationTime.map { .integer($0) } ?? .null, isFound ? .integer(base.isQED ? 1 : 0) : .null,
            base.virtualSize.map { .integer(Int64(clamping: $0)) } ?? .null,
        ]
    }

    /// Whether the same overlay lies on a backing file of the same name as in an earlier row.
    func continues(_ earlier: BackingRow) -> Bool {
        ["name", "name_bytes", "inode", "birth_ns", "base_path", "base_path_bytes"].allSatisfy {
            value($0) == earlier.value($0)
        }
    }

    /// Whether the contents of the backing file are not those of an earlier row.
    func hasOtherBase(than earlier: BackingRow) -> Bool {
        let found = SQLiteValue.text(BackingTarget.State.found.rawValue)
        guard value("state") == found, earlier.value("state") == found else { return false }
        return ["base_mtime_ns", "base_is_qed", "base_virtual_size"].contains { value($0) != earlier.value($0) }
    }

    private func value(_ column: String) -> SQLiteValue {
        BackingRow.columns.firstIndex(of: column).map { values[$0] } ?? .null
    }
}
