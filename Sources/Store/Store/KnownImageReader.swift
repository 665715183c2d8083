import Files
import QED
import SQLite

/// Reads the results that may be used again. Of a pool that has not changed these are all, so that SQLite only brings the
/// latest result of each image, and what decides is looked at here, without making values of it.
struct KnownImageReader {
    private let images: Statement
    private let references: Statement
    /// Conclusive results may be as old as that; nil if none may be used.
    private let oldest: [UInt8]?
    /// A later one was dated by a clock that was wrong: neither its age nor the file's rest before it is known.
    private let newest = Array(Timestamp.text(nanoseconds: Clock.wall.now + 2_000_000_000).utf8)
    /// Whoever was seen by one of these scans may be used again, whatever came of it.
    private let chain: Set<Int64>
    /// What a device number of another machine stands for on this one, by the scan that it is from.
    private let devices: [Int64: UInt64]

    init(
        _ database: Database, oldest: String?, chain: ScanChain?, isOfChainOnly: Bool, reader: PoolReader? = nil
    ) throws(SQLiteError) {
        // In the order of the rows, so that each page is read once: the index by path would lead to and fro.
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

    /// - Parameter ids: the rows of images to look at.
    func forEach(
        host: String, ids: ClosedRange<Int64>, _ body: (KnownImageRecord, _ path: UnsafeRawBufferPointer) -> Void
    ) throws(SQLiteError) {
        try images.bind(host, Checker.version, ids.lowerBound, ids.upperBound)
        while try images.step() {
            guard let outcome = images.withBytes(at: 8, KnownImageReader.outcome), mayBeUsed(outcome), isAtRest else {
                continue
            }
            var reference: BackingReference?
            if images.withBytes(at: 11, { !$0.isEmpty }) {
                reference = try self.reference()
                guard reference != nil else { continue }
            }
            let record = KnownImageRecord(
                imageID: images.integer(at: 0), identity: identity, outcome: outcome,
                isDirty: images.integer(at: 9) != 0, reference: reference)
            images.withBytes(at: images.isNull(at: 2) ? 1 : 2) { body(record, $0) }
        }
    }

    /// Whether the result at hand is of a kind and an age to be used.
    private func mayBeUsed(_ outcome: Outcome) -> Bool {
        switch outcome {
        case .clean, .leaking, .corrupt:
            guard let oldest else { return false }
            return images.withBytes(at: 10) {
                !$0.lexicographicallyPrecedes(oldest) && !newest.lexicographicallyPrecedes($0)
            }
        case .incomplete, .invalid, .unsupported:
            // A result that only repeated an earlier one has no row, but its scan saw the image.
            return chain.contains(images.integer(at: 12)) || chain.contains(images.integer(at: 13))
        case .inUse, .changing: return false
        }
    }

    /// Whether the file's last change was at least two seconds before the check at hand.
    private var isAtRest: Bool {
        guard let seconds = images.withBytes(at: 10, Timestamp.seconds) else { return false }
        let (limit, overflow) = (seconds - 2).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow || images.integer(at: 7) <= limit
    }

    private var identity: FileIdentity {
        FileIdentity(
            device: device, inode: UInt64(bitPattern: images.integer(at: 4)),
            size: UInt64(max(images.integer(at: 5), 0)), modificationTime: images.integer(at: 6),
            changeTime: images.integer(at: 7))
    }

    private var device: UInt64 {
        let own = UInt64(bitPattern: images.integer(at: 3))
        return devices.isEmpty ? own : devices[images.integer(at: 12)] ?? own
    }

    private static let outcomes = Outcome.allCases.map { (name: Array($0.rawValue.utf8), outcome: $0) }

    /// The outcome of a name; nil for one that is not known.
    private static func outcome(_ name: UnsafeRawBufferPointer) -> Outcome? {
        for (known, outcome) in outcomes where known.elementsEqual(name) { return outcome }
        return nil
    }

    /// The backing file of the image at hand; nil if the store does not have its exact name.
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
