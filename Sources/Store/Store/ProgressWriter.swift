import Files
import SQLite

/// How far a scan is.
package struct ProgressRecord: Sendable {
    package var processID: Int32
    package var files = 0
    package var images = 0
    package var reused = 0
    package var problems = 0
    package var bytesRead: UInt64 = 0
    /// nil if nobody knows.
    package var expectedImages: Int?
    /// With the time since when, nanoseconds since 1970.
    package var currentImages: [(path: RawPath, since: Int64)] = []

    package init(processID: Int32) { self.processID = processID }
}

/// Keeps the one row of `scan_progress` that a running scan has.
struct ProgressWriter {
    private let upsert: Statement
    private let object: Statement

    init(_ database: Database) throws(SQLiteError) {
        upsert = try database.prepare(
            """
            INSERT OR REPLACE INTO scan_progress (
                scan_id, updated_at, process_id, files, images, reused, problems, bytes_read, expected_images,
                current_images)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        object = try database.prepare("SELECT json_object('path', ?, 'since', ?)")
    }

    /// A transaction of its own.
    func write(_ record: ProgressRecord, scanID: Int64) throws(SQLiteError) {
        try upsert.run(
            scanID, Timestamp.now(), Int(record.processID), record.files, record.images, record.reused,
            record.problems, Int64(clamping: record.bytesRead), record.expectedImages,
            try currentImages(record))
    }

    private func currentImages(_ record: ProgressRecord) throws(SQLiteError) -> String {
        var objects: [String] = []
        for image in record.currentImages {
            try object.bind(image.path.text, Timestamp.text(nanoseconds: image.since))
            if try object.step() { objects.append(try object.column(0)) }
        }
        object.reset()
        return "[" + objects.joined(separator: ",") + "]"
    }
}
