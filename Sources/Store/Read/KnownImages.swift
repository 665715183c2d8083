import Dispatch
import Files
import QED
import SQLite
import ScanModel

/// Reads the results that may be reused. In an unchanged pool, that is every result. To be fast, SQLite only finds the latest
/// result of each image, and the conditions are tested here, on SQLite's memory.
struct KnownImageReader {
    private let images: Statement
    private let references: Statement
    /// The oldest time of a conclusive result; nil if none may be reused.
    private let oldest: [UInt8]?
    /// The latest time of a result. A later one was dated by a wrong clock, so its age is unknown, and so is how long
    /// the file had been unchanged.
    private let newest = Array(Timestamp.text(nanoseconds: Clock.wall.now + 2_000_000_000).utf8)
    /// The scans whose results may be reused whatever their outcome.
    private let chain: Set<Int64>
    /// This machine's device for the results of another machine, by the scan that they are from.
    private let devices: [Int64: UInt64]

    init(
        _ database: Database, oldest: String?, chain: ScanChain?, isOfChainOnly: Bool, reader: PoolReader? = nil
    ) throws(SQLiteError) {
        // In the order of the rows, so that each page is read once; the index of paths would jump back and forth.
        images = try database.prepare(
            """
            SELECT image.id, path, path_bytes, r.device, r.inode, file_size, mtime_ns, ctime_ns, outcome, dirty,
                checked_at, r.backing_file, r.scan_id, last_scan_id
            FROM image NOT INDEXED
            CROSS JOIN check_result AS r
                ON r.id = (SELECT id FROM check_result WHERE image_id = image.id ORDER BY id DESC LIMIT 1)
            WHERE host = ? AND checker_version = ? AND image.id BETWEEN ? AND ?
            """)
        references = try database.prepare(
            "SELECT name, name_bytes, is_raw_flag, virtual_size, inode, birth_ns FROM backing WHERE image_id = ?")
        let times = [isOfChainOnly ? nil : oldest ?? "", chain?.startedAt]
        self.oldest = times.compactMap { $0 }.min().map { Array($0.utf8) }
        self.chain = Set(chain?.scanIDs ?? [])
        devices = try reader?.devices(in: database) ?? [:]
    }

    /// - Parameter ids: the row IDs of the images to read.
    func images(ofHost host: String, ids: ClosedRange<Int64>) throws(SQLiteError) -> [KnownImage] {
        var known: [KnownImage] = []
        try images.bind(host, Checker.version, ids.lowerBound, ids.upperBound)
        while try images.step() {
            guard let outcome = images.withBytes(at: 8, KnownImageReader.outcome), mayBeReused(outcome), isAtRest else {
                continue
            }
            var reference: BackingReference?
            if images.withBytes(at: 11, { !$0.isEmpty }) {
                reference = try self.reference()
                guard reference != nil else { continue }
            }
            known.append(
                KnownImage(
                    imageID: images.integer(at: 0),
                    path: images.withBytes(at: images.isNull(at: 2) ? 1 : 2) { PathHash(bytes: $0) },
                    identity: try FileIdentity(images, at: 3, device: device), outcome: outcome,
                    isDirty: images.integer(at: 9) != 0, reference: reference))
        }
        return known
    }

    /// Whether the result at hand may be reused, by its outcome and age.
    private func mayBeReused(_ outcome: Outcome) -> Bool {
        switch outcome {
        case .clean, .leaking, .corrupt:
            guard let oldest else { return false }
            return images.withBytes(at: 10) {
                !$0.lexicographicallyPrecedes(oldest) && !newest.lexicographicallyPrecedes($0)
            }
        case .incomplete, .invalid, .unsupported:
            // A scan that only repeated a result adds no row, but it is the last that saw the image.
            return chain.contains(images.integer(at: 12)) || chain.contains(images.integer(at: 13))
        case .inUse, .changing: return false
        }
    }

    /// Whether the file had not changed for two seconds when it was checked.
    private var isAtRest: Bool {
        guard let seconds = images.withBytes(at: 10, Timestamp.seconds) else { return false }
        let (limit, overflow) = (seconds - 2).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow || images.integer(at: 7) <= limit
    }

    private var device: UInt64 {
        let own = UInt64(bitPattern: images.integer(at: 3))
        return devices.isEmpty ? own : devices[images.integer(at: 12)] ?? own
    }

    private static let outcomes = Outcome.allCases.map { (name: Array($0.rawValue.utf8), outcome: $0) }

    /// The outcome with a name; nil if there is none.
    private static func outcome(_ name: UnsafeRawBufferPointer) -> Outcome? {
        for (known, outcome) in outcomes where known.elementsEqual(name) { return outcome }
        return nil
    }

    /// The backing file of the image at hand; nil if the store lacks its exact name.
    private func reference() throws(SQLiteError) -> BackingReference? {
        try references.bind(images.integer(at: 0))
        guard try references.step() else { return nil }
        defer { references.reset() }
        let isExact = images.withBytes(at: 11) { name in references.withBytes(at: 0) { $0.elementsEqual(name) } }
        guard isExact else { return nil }
        let name = references.withBytes(at: references.isNull(at: 1) ? 0 : 1) { Array($0) }
        return BackingReference(
            name: BackingName(bytes: name), isRaw: try references.column(2), imageSize: try references.column(3),
            inode: UInt64(bitPattern: try references.column(4)), birthTime: try references.column(5))
    }
}

/// What is known about images before a scan.
extension ScanStore {
    /// Number of images for which one more connection is worth opening.
    private static let imagesPerConnection: Int64 = 10_000
    private static let connectionLimit = 4

    /// The images of a host or pool with a result that may be reused.
    ///
    /// Such a result is of this version of the checker, is conclusive, and was made at or after `oldest`. The file had
    /// not changed for two seconds before the check, since a change within the clock's resolution would not show. An
    /// overlay is checked again if the store lacks the exact name of its backing file.
    ///
    /// Results that were made since a chain of scans began, by its scans or others, may be reused even if they are not
    /// conclusive, but not those of images in use or changing: these are cheap and worth another try.
    ///
    /// - Parameters:
    ///   - oldest: of results that are not the chain's; nil for any age.
    ///   - chain: the scans that the scan resumes.
    ///   - isOfChainOnly: whether only the chain's results are reused.
    ///   - reader: this machine, for a pool that other machines scan, too; nil for the machine's own images.
    ///   - threadCount: the number of threads that may read at once, each with its own connection.
    package func knownImages(
        host: String, oldest: String?, chain: ScanChain? = nil, isOfChainOnly: Bool = false, reader: PoolReader? = nil,
        threadCount: Int = 1
    ) throws(StoreError) -> [KnownImage] {
        @Sendable func read(_ database: Database, _ ids: ClosedRange<Int64>) throws(SQLiteError) -> [KnownImage] {
            try KnownImageReader(database, oldest: oldest, chain: chain, isOfChainOnly: isOfChainOnly, reader: reader)
                .images(ofHost: host, ids: ids)
        }
        let last = Int64(sqliteValue: try value("SELECT max(id) FROM image")) ?? 0
        let wanted = min(last / ScanStore.imagesPerConnection, Int64(min(threadCount, ScanStore.connectionLimit)))
        // Each is used by one thread, while this thread waits.
        nonisolated(unsafe) let databases = connections(atMost: Int(wanted))
        let partCount = Int64(databases.count)
        let ends = (0...partCount).map { $0 * (last / partCount) }
        let parts = Locked<[Int: Result<[KnownImage], SQLiteError>]>([:])
        DispatchQueue.concurrentPerform(iterations: databases.count) { index in
            let result = Result { () throws(SQLiteError) in
                let end = index == databases.count - 1 ? Int64.max : ends[index + 1]
                return try read(databases[index], ends[index] + 1...end)
            }
            parts.withLock { $0[index] = result }
        }
        return try StoreError.wrap { () throws(SQLiteError) in
            var values: [KnownImage] = []
            for index in databases.indices { values += try parts.withLock { $0[index] }?.get() ?? [] }
            return values
        }
    }

    /// The store's connection, and as many read-only ones as can be opened, up to `count` in all.
    private func connections(atMost count: Int) -> [Database] {
        var databases = [database]
        while databases.count < count {
            do throws(SQLiteError) {
                databases.append(try Database(path: database.path, mode: .readOnly))
            } catch {
                break
            }
        }
        return databases
    }

    /// The number of present images of a host at some paths or below them.
    package func presentImageCount(host: String, roots: [RawPath] = [RawPath("/")]) throws(StoreError) -> Int {
        try StoreError.wrap { () throws(SQLiteError) in
            let known = try ImageCount(.known, database, host: host)
            let missing = try ImageCount(.missing, database, host: host)
            var count = 0
            for root in outermost(of: roots) {
                count += try known.count(below: root.text) - missing.count(below: root.text)
            }
            return count
        }
    }

    /// The paths that are not below another one, so that nothing counts twice, without slashes at their ends.
    private func outermost(of paths: [RawPath]) -> [RawPath] {
        var outermost: [RawPath] = []
        for path in paths.map(\.withoutTrailingSlashes) where !outermost.contains(where: path.isWithin) {
            outermost.removeAll { $0.isWithin(path) }
            outermost.append(path)
        }
        return outermost
    }

    /// How many images a scan may find, going by earlier scans; nil if they found none.
    package func expectedImageCount(of scan: ScanRecord) throws(StoreError) -> Int? {
        let count = try presentImageCount(host: scan.host, roots: scan.roots)
        return count > 0 ? count : nil
    }
}

/// A machine that reuses the results of other machines for a shared pool.
///
/// A file of a network file system has the same inode number, size and times on every machine, but each machine numbers
/// the device itself. So in a result of another machine, the device is replaced by that of the pool's root on this
/// machine. A file on another device is checked again.
package struct PoolReader: Sendable {
    private let node: String
    private let device: UInt64

    /// - Parameter device: the device of all roots.
    package init(node: String, device: UInt64) {
        self.node = node
        self.device = device
    }

    /// The device for the results of each scan by another machine.
    func devices(in database: Database) throws(SQLiteError) -> [Int64: UInt64] {
        let statement = try database.prepare("SELECT id FROM scan WHERE node <> ?")
        try statement.bind(node)
        var devices: [Int64: UInt64] = [:]
        while try statement.step() { devices[try statement.column(0)] = device }
        return devices
    }
}
