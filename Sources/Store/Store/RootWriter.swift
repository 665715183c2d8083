import Files
import Glibc
import SQLite

/// Adds the rows of `scan_root` and `scan_mount`.
struct RootWriter {
    enum State: String {
        case read, unreadable, interrupted
        case notMounted = "not-mounted"
    }

    let database: Database
    let scanID: Int64
    private let host: String
    private let node: String
    private let insert: Statement
    private let insertError: Statement
    private let known: ImageCount
    private let unseen: ImageCount
    /// Where the row IDs are of images that the scan has not seen.
    private let gaps: [ClosedRange<Int64>]
    private let lastRoot: Statement

    init(_ database: Database, scanID: Int64, host: String, node: String, seen: ImageSet) throws(SQLiteError) {
        gaps = seen.gaps
        self.database = database
        self.scanID = scanID
        self.host = host
        self.node = node
        insert = try database.prepare(
            """
            INSERT INTO scan_root (scan_id, number, path, path_bytes, device, inode, state, images)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """)
        insertError = try database.prepare(
            "INSERT INTO path_error (scan_id, path, path_bytes, operation, errno, message) VALUES (?, ?, ?, ?, ?, ?)")
        known = try ImageCount(.known, database, host: host)
        unseen = try ImageCount(.range, database, host: host)
        lastRoot = try database.prepare(
            """
            SELECT node, device, inode FROM scan_root JOIN scan ON scan.id = scan_id
            WHERE path = ? AND path_bytes IS ? AND host = ? AND scan_root.state = 'read' AND scan.id < ?
            ORDER BY scan_id DESC LIMIT 1
            """)
    }

    func write(
        _ root: RootRecord, number: Int, isInterrupted: Bool, unseen: [UnseenImage]
    ) throws(SQLiteError) -> State {
        let images = try imageCount(below: root.path)
        let state = try state(of: root, images: images, isInterrupted: isInterrupted, unseen: unseen)
        let path = root.path.columns
        try insert.run(
            scanID, number, path.text, path.bytes, root.file.map { Int64(bitPattern: $0.device) },
            root.file.map { Int64(bitPattern: $0.inode) }, state.rawValue, images)
        return state
    }

    /// Adds the error of a directory whose file system is not mounted.
    ///
    /// - Parameter reason: what tells it.
    func addError(_ directory: RawPath, because reason: String) throws(SQLiteError) -> PathErrorRecord {
        let record = PathErrorRecord(
            path: directory, operation: "mount", code: ENODEV,
            message: "\(directory.text) \(reason) and holds no image: not mounted?")
        let path = directory.columns
        try insertError.run(scanID, path.text, path.bytes, record.operation, record.code, record.message)
        return record
    }

    private func state(
        of root: RootRecord, images: Int, isInterrupted: Bool, unseen: [UnseenImage]
    ) throws(SQLiteError) -> State {
        guard let file = root.file else { return .unreadable }
        guard !isInterrupted else { return .interrupted }
        guard images == 0, unseen.contains(where: { $0.path.isWithin(root.path) }) else { return .read }
        let path = root.path.columns
        try lastRoot.bind(path.text, path.bytes, host, scanID)
        guard try lastRoot.step() else { return .read }
        defer { lastRoot.reset() }
        // Another machine has another number for the same device.
        let isSame =
            try lastRoot.column(0) == node
            ? lastRoot.column(1) == Int64(bitPattern: file.device)
            : lastRoot.column(2) == Int64(bitPattern: file.inode)
        return isSame ? .read : .notMounted
    }

    /// How many images below a directory this scan has seen: mostly all that there are.
    func imageCount(below root: RawPath) throws(SQLiteError) -> Int {
        var count = try known.count(below: root.text)
        for gap in gaps where count > 0 { count -= try unseen.count(below: root.text, in: gap) }
        return count
    }
}

extension RawPath {
    func isWithin(anyOf roots: Set<RawPath>) -> Bool { roots.contains { isWithin($0) } }
}
