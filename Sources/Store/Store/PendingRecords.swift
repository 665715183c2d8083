/// What workers have for the writer, made ready by them as far as that goes without the database.
enum PendingRecord: Sendable {
    case check(CheckRecord, CheckResultRow, path: (text: String, bytes: [UInt8]?))
    case pathError(PathErrorRecord)
}

/// Records that wait to be handed over together: one by one, waking the writer's queue costs more than a record's rows.
struct PendingRecords: Sendable {
    /// Units after which they are handed over.
    private static let limit = 64
    /// Findings that count as one unit; a record is at least one unit.
    private static let findingsPerUnit = 32

    private(set) var records: [PendingRecord] = []
    /// Rows to write.
    private(set) var rows = 0
    /// Of the backlog: records may have thousands of rows.
    private(set) var units = 0

    /// Adds a record, and takes out all of them if they are enough to be handed over.
    mutating func append(_ record: PendingRecord, rows: Int) -> PendingRecords? {
        records.append(record)
        self.rows += rows
        units += 1 + rows / PendingRecords.findingsPerUnit
        return units < PendingRecords.limit ? nil : take()
    }

    mutating func take() -> PendingRecords {
        defer { self = PendingRecords() }
        return self
    }
}
