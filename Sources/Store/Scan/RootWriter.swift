import Files
import Glibc
import SQLite
import ScanModel

/// Writes the rows of `scan_root` and `scan_mount`.
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
    /// The ranges of row IDs in which there may be images that the scan has not seen.
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
        _ root: ScannedRoot, number: Int, isInterrupted: Bool, unseen: [UnseenImage]
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
    /// - Parameter reason: how the scan can tell.
    func addError(_ directory: RawPath, because reason: String) throws(SQLiteError) -> PathError {
        let record = PathError(
            path: directory, operation: "mount", code: ENODEV,
            message: "\(directory.text) \(reason) and holds no image: not mounted?")
        let path = directory.columns
        try insertError.run(scanID, path.text, path.bytes, record.operation, record.code, record.message)
        return record
    }

    private func state(
        of root: ScannedRoot, images: Int, isInterrupted: Bool, unseen: [UnseenImage]
    ) throws(SQLiteError) -> State {
        guard let file = root.file else { return .unreadable }
        guard !isInterrupted else { return .interrupted }
        guard images == 0, unseen.contains(where: { $0.path.isWithin(root.path) }) else { return .read }
        let path = root.path.columns
        try lastRoot.bind(path.text, path.bytes, host, scanID)
        guard try lastRoot.step() else { return .read }
        defer { lastRoot.reset() }
        // Another machine may have another number for the same device.
        let isSame =
            try lastRoot.column(0) == node
            ? lastRoot.column(1) == Int64(bitPattern: file.device)
            : lastRoot.column(2) == Int64(bitPattern: file.inode)
        return isSame ? .read : .notMounted
    }

    /// The number of images below a directory that this scan has seen: mostly all of them.
    func imageCount(below root: RawPath) throws(SQLiteError) -> Int {
        var count = try known.count(below: root.text)
        for gap in gaps where count > 0 { count -= try unseen.count(below: root.text, in: gap) }
        return count
    }
}

extension RawPath {
    func isWithin(anyOf roots: Set<RawPath>) -> Bool { roots.contains { isWithin($0) } }
}

/// Mount points below the roots: a file system that is not mounted has not lost its images, neither there nor at a
/// root.
extension RootWriter {
    func writeMounts(_ mounts: Set<RawPath>) throws(SQLiteError) {
        let insert = try database.prepare("INSERT INTO scan_mount (scan_id, path, path_bytes) VALUES (?, ?, ?)")
        for mount in mounts.sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
            let path = mount.columns
            try insert.run(scanID, path.text, path.bytes)
        }
    }

    /// The directories that were mount points when unseen images were last seen below them, and now are ordinary
    /// directories without images. Of nested ones, only the outermost.
    func unmounted(_ unseen: [UnseenImage], _ scope: ScanScope) throws(SQLiteError) -> [RawPath] {
        var unmounted: [RawPath] = []
        for (scan, images) in Dictionary(grouping: unseen, by: \.lastScanID).sorted(by: { $0.key < $1.key }) {
            for mount in try mounts(of: scan)
            where isPassedOver(mount, scope) && !unmounted.contains(where: mount.isWithin)
                && images.contains(where: { $0.path.isWithin(mount) })
            {
                guard try imageCount(below: mount) == 0 else { continue }
                unmounted.removeAll { $0.isWithin(mount) }
                unmounted.append(mount)
            }
        }
        return unmounted
    }

    /// Whether the scan passed a directory on its way from a root above, and found it an ordinary one.
    private func isPassedOver(_ mount: RawPath, _ scope: ScanScope) -> Bool {
        let isBelowRoot = scope.roots.contains { mount != $0.path && mount.isWithin($0.path) }
        return isBelowRoot && !scope.mounts.contains(mount) && scope.isDirectory(mount)
    }

    private func mounts(of scan: Int64) throws(SQLiteError) -> [RawPath] {
        let statement = try database.prepare("SELECT path, path_bytes FROM scan_mount WHERE scan_id = ?")
        try statement.bind(scan)
        var mounts: [RawPath] = []
        while try statement.step() {
            mounts.append(try RawPath(statement, at: 0))
        }
        return mounts
    }
}
