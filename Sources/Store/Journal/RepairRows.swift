import Files
import Repair
import SQLite

/// A row of `repair` as it is read, with the path of its image.
struct RepairRow {
    static let select = """
        SELECT repair.id, image.path, image.path_bytes, undoes_repair_id, state, is_undoable,
            repair.device, repair.inode, size_before, mtime_ns_before, ctime_ns_before, header_before,
            metadata_sha256_before,
            device_after, inode_after, size_after, mtime_ns_after, ctime_ns_after, header_after, metadata_sha256_after
        FROM repair JOIN image ON image.id = repair.image_id
        """

    let id: RepairID
    let path: RawPath
    let undoes: RepairID?
    let state: RepairState
    let isUndoable: Bool
    let before: ImageFingerprint
    let sizeAfter: UInt64
    /// The image at the end of the repair; nil if that is not known.
    let after: ImageFingerprint?

    /// Reads a row of a statement that begins with `select`.
    init(_ row: Statement) throws(SQLiteError) {
        id = try row.column(0)
        path = try RawPath(row, at: 1)
        undoes = try row.column(3)
        state = try row.name(at: 4)
        isUndoable = try row.column(5)
        before = ImageFingerprint(
            identity: try FileIdentity(row, at: 6),
            header: try row.column(11), metadata: try row.column(12))
        sizeAfter = try row.column(15)
        if let header = try row.column(18, as: [UInt8]?.self) {
            after = ImageFingerprint(
                identity: try FileIdentity(row, at: 13),
                header: header, metadata: try row.column(19))
        } else {
            after = nil
        }
    }
}

extension ImageFingerprint {
    /// Device, inode, size, time of modification, time of change, header, digest.
    var columns: [(any SQLiteBindable)?] {
        [
            Int64(bitPattern: identity.device), Int64(bitPattern: identity.inode), identity.size,
            identity.modificationTime, identity.changeTime, header, metadata,
        ]
    }
}

/// A row of `repair_write` without its repair and number: the columns of a write and their values, in one order.
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

    /// Reads a row of a statement that selects `columns`.
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
