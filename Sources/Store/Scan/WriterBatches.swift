import QED
import ScanModel

/// A record for the writer. The worker prepares it as far as that is possible without the database.
enum PendingRecord: Sendable {
    case check(CheckedImage, CheckResultRow, path: (text: String, bytes: [UInt8]?))
    case pathError(PathError)
}

/// Records that are handed over together: waking the writer's queue for each would cost more than writing its rows.
struct PendingRecords: Sendable {
    /// Number of units at which the records are handed over.
    private static let limit = 64
    /// Number of findings that count as one more unit; a record is at least one.
    private static let findingsPerUnit = 32

    private(set) var records: [PendingRecord] = []
    /// Number of rows to write.
    private(set) var rows = 0
    /// How much of `ScanWriter.backlogLimit` these take: a record may have thousands of rows.
    private(set) var units = 0

    /// Adds a record. Returns all of them, and empties the list, once there are enough to hand over.
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

/// Unchanged images that a scan has seen again.
struct ReusedImages: Sendable {
    /// The number of images with the same result.
    struct Group: Sendable {
        let outcome: Outcome
        let isDirty: Bool
        var count: Int
    }

    /// Their row IDs.
    private(set) var ids: [Int64] = []
    /// One for each result; there are few.
    private(set) var groups: [Group] = []
    /// What the scan found of backing files.
    private(set) var backings: [(imageID: Int64, backing: ImageBacking)] = []
    /// Those whose check was not completed.
    private(set) var incomplete: [Int64] = []

    mutating func add(_ image: ReusedImage) {
        ids.append(image.imageID)
        if let index = groups.firstIndex(where: { $0.outcome == image.outcome && $0.isDirty == image.isDirty }) {
            groups[index].count += 1
        } else {
            groups.append(Group(outcome: image.outcome, isDirty: image.isDirty, count: 1))
        }
        if case .unknown = image.backing {} else { backings.append((image.imageID, image.backing)) }
        if image.outcome == .incomplete { incomplete.append(image.imageID) }
    }
}
