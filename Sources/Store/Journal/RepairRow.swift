import Files
import Repair
import SQLite

/// A row of `repair` with the path of its image, as it is read.
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
    /// The image when the repair had ended, nil if that is not known.
    let after: ImageFingerprint?

    /// Reads the row that a statement which begins with `select` stands at.
    init(_ row: Statement) throws(SQLiteError) {
        id = try row.column(0)
        path = RawPath(text: try row.column(1), bytes: try row.column(2))
        undoes = try row.column(3)
        state = try row.name(at: 4)
        isUndoable = try row.column(5)
        before = ImageFingerprint(
            identity: try FileIdentity(row, device: 6, inode: 7, size: 8, modified: 9, changed: 10),
            header: try row.column(11), metadata: try row.column(12))
        sizeAfter = try row.column(15)
        if let header = try row.column(18, as: [UInt8]?.self) {
            after = ImageFingerprint(
                identity: try FileIdentity(row, device: 13, inode: 14, size: 15, modified: 16, changed: 17),
                header: header, metadata: try row.column(19))
        } else {
            after = nil
        }
    }
}

extension FileIdentity {
    /// From the columns of a row, by their indices.
    init(
        _ row: Statement, device: Int, inode: Int, size: Int, modified: Int, changed: Int
    ) throws(SQLiteError) {
        self.init(
            device: UInt64(bitPattern: try row.column(device)), inode: UInt64(bitPattern: try row.column(inode)),
            size: try row.column(size), modificationTime: try row.column(modified), changeTime: try row.column(changed))
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
