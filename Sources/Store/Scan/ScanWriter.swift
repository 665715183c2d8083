import Dispatch
import Files
import SQLite
import ScanModel

/// Writes what a scan finds, from any number of workers, on its own queue.
///
/// A transaction holds a few thousand rows, or what arrived in a second. So a crash loses no more than that, and a
/// power cut no more than half a minute. Workers wait only when they are far ahead; that is counted in rows, since a
/// record may have thousands. After an error nothing more is written, and `finish` throws the error.
/// `@unchecked Sendable`: all stored variables are touched only on `queue`.
package final class ScanWriter: @unchecked Sendable {
    /// Rows in a transaction.
    private static let batchSize = 4000
    /// Units that may wait for the writer, see `PendingRecords`.
    private static let backlogLimit = 2048
    /// Reused images that are handed over together: one by one, handing over would cost more than the rows.
    private static let reusedTogether = 4096
    /// Reused images that are noted together, so that the runs of their IDs are long.
    private static let seenTogether = 1 << 16
    /// Seconds between commits.
    private static let commitInterval = 1.0
    /// Number of ticks after which the log is brought to the disk.
    private static let ticksPerSync = 30
    /// Number of ticks between updates of the scan's progress outside WAL mode, where each commit waits for the disk.
    private static let ticksPerSlowProgress = 10

    private let queue = DispatchQueue(label: "qedscan.writer")
    private let backlog = DispatchSemaphore(value: backlogLimit)
    /// Lets one worker at a time take its units, so that no two workers wait for each other with half of theirs.
    private let turn = DispatchSemaphore(value: 1)
    private let timer: any DispatchSourceTimer
    /// Reused images that are not yet handed over.
    private let reused = Locked(ReusedImages())
    private let pending = Locked(PendingRecords())

    private let store: ScanStore
    private let host: String
    private let node: String
    /// The scan's row ID.
    package let scanID: Int64
    /// nil once the writer has finished, so that the database can be closed.
    private var statements: WriterStatements?
    private var totals = ScanTotals()
    private var rowsInTransaction = 0
    /// Reused images that are not yet noted in their rows.
    private var seenAgain: [Int64] = []
    /// The other images that the scan has seen.
    private var seen: [ClosedRange<Int64>] = []
    private var ticks = 0
    /// Whether a power cut may take something that was committed.
    private var isUnsynced = false
    private let isWAL: Bool
    private let progress: (@Sendable () -> ScanProgress)?
    private let chain: ScanChain?
    private var failure: SQLiteError?
    private let onFailure: @Sendable () -> Void

    /// Adds the scan's row. The store belongs to the writer until `finish`.
    ///
    /// - Parameters:
    ///   - interval: seconds between commits.
    ///   - progress: asked at each interval how far the scan is; nil to record no progress.
    ///   - onFailure: called once when the store can no longer be written.
    package init(
        store: ScanStore, scan: ScanRecord, interval: Double = commitInterval,
        progress: (@Sendable () -> ScanProgress)? = nil, onFailure: @escaping @Sendable () -> Void
    ) throws(StoreError) {
        self.store = store
        self.onFailure = onFailure
        self.progress = progress
        host = scan.host
        node = scan.node
        chain = scan.continues
        (scanID, statements, isWAL) = try StoreError.wrap { () throws(SQLiteError) in
            let scanID = try store.beginScan(scan)
            // For a CHECK with a list of words SQLite builds a table for each row, which costs as much as the row. The
            // values come from enumerations with these words and from clamped numbers, so they satisfy every CHECK.
            try store.database.setChecksConstraints(false)
            let statements = try WriterStatements(store.database, host: scan.host, scanID: scanID)
            return (scanID, statements, try store.database.journalMode() == .wal)
        }
        // Created last, when nothing can fail any more: Dispatch ends the process for a source that was never resumed.
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + interval, repeating: interval)
        timer.setEventHandler { [weak self] in self?.tick() }
        timer.resume()
    }

    /// Writes what a scan found.
    package func write(_ event: ScanEvent) {
        switch event {
        case .checked(let image): write(image)
        case .reused(let images): write(images)
        case .failed(let error): write(error)
        }
    }

    /// Writes the result for an image.
    package func write(_ image: CheckedImage) {
        let ready = PendingRecord.check(image, CheckResultRow(image, scanID: scanID), path: image.path.columns)
        add(ready, rows: 1 + (image.report?.findings.count ?? 0))
    }

    /// Notes that images were seen again, unchanged.
    package func write(_ images: [ReusedImage]) {
        let full = reused.withLock { reused -> ReusedImages? in
            for image in images { reused.add(image) }
            return reused.ids.count < ScanWriter.reusedTogether ? nil : ScanWriter.taking(&reused)
        }
        guard let full else { return }
        enqueue(units: 1 + full.ids.count / 32) { writer, statements throws(SQLiteError) in
            try writer.note(full, statements)
        }
    }

    private static func taking(_ images: inout ReusedImages) -> ReusedImages {
        defer { images = ReusedImages() }
        return images
    }

    package func write(_ error: PathError) {
        add(.pathError(error), rows: 1)
    }

    /// Commits everything and fills in the scan's row. Nothing may be written after it.
    ///
    /// - Parameter scope: where the scan has looked; the images that it should have seen and did not are marked as
    ///   missing.
    package func finish(
        isInterrupted: Bool, filesSeen: Int, bytesRead: UInt64, scope: ScanScope
    ) throws(StoreError) -> ScanTotals {
        timer.cancel()
        let result = queue.sync { () -> Result<ScanTotals, SQLiteError> in
            defer { statements = nil }
            commitOrFail()
            if let failure {
                markFailed(filesSeen: filesSeen, bytesRead: bytesRead)
                return .failure(failure)
            }
            do throws(SQLiteError) {
                try store.database.setChecksConstraints(true)
                try store.database.transaction(.immediate) { () throws(SQLiteError) in
                    try store.compareWithEarlier(
                        scanID: scanID, host: host, node: node, isInterrupted: isInterrupted, scope: scope,
                        seen: ImageSet(seen), totals: &totals)
                    try store.finishScan(
                        scanID, state: isInterrupted ? .interrupted : .completed, totals: totals,
                        filesSeen: filesSeen, bytesRead: bytesRead)
                }
                return .success(totals)
            } catch {
                markFailed(filesSeen: filesSeen, bytesRead: bytesRead)
                return .failure(error)
            }
        }
        do throws(SQLiteError) {
            return try result.get()
        } catch {
            throw .database(error)
        }
    }

    // MARK: - Non public

    private func add(_ record: PendingRecord, rows: Int) {
        guard let full = pending.withLock({ $0.append(record, rows: rows) }) else { return }
        enqueue(units: full.units) { writer, statements throws(SQLiteError) in try writer.insert(full, statements) }
    }

    /// Runs a write on the queue.
    private func enqueue(
        units: Int, _ body: @escaping @Sendable (ScanWriter, WriterStatements) throws(SQLiteError) -> Void
    ) {
        let units = min(units, ScanWriter.backlogLimit)
        turn.wait()
        for _ in 0..<units { backlog.wait() }
        turn.signal()
        queue.async { [self] in
            defer { for _ in 0..<units { backlog.signal() } }
            write(body)
        }
    }

    /// Runs a write, and commits if there is enough. On the queue.
    private func write(_ body: (ScanWriter, WriterStatements) throws(SQLiteError) -> Void) {
        guard failure == nil, let statements else { return }
        do throws(SQLiteError) {
            try body(self, statements)
            if rowsInTransaction >= ScanWriter.batchSize || seenAgain.count >= ScanWriter.seenTogether {
                try commit()
            }
        } catch {
            fail(error)
        }
    }

    /// Commits, and updates the progress; called at each interval.
    private func tick() {
        commitOrFail()
        guard failure == nil, let statements else { return }
        ticks += 1
        if isUnsynced, ticks % ScanWriter.ticksPerSync == 0 { sync() }
        if let progress, isWAL || ticks % ScanWriter.ticksPerSlowProgress == 0 {
            do throws(SQLiteError) {
                try statements.progress.write(progress(), scanID: scanID)
            } catch {
                // Progress is not essential. If the store cannot be written, the next commit reports it.
            }
        }
    }

    /// Brings what was committed to the disk, as far as readers allow. In WAL mode only a checkpoint does so, and
    /// SQLite makes one only after a number of pages, which may take hours if there are few results.
    private func sync() {
        isUnsynced = false
        do throws(SQLiteError) {
            try store.database.execute("PRAGMA wal_checkpoint(PASSIVE)")
        } catch {
            // What was committed is kept in the log.
        }
    }

    private func begin(rows: Int) throws(SQLiteError) {
        if rowsInTransaction == 0 { try store.database.execute("BEGIN IMMEDIATE") }
        rowsInTransaction += rows
    }

    private func commit() throws(SQLiteError) {
        if rowsInTransaction > 0 {
            try store.database.execute("COMMIT")
            rowsInTransaction = 0
            isUnsynced = true
        }
        guard !seenAgain.isEmpty else { return }
        let images = ImageSet(seenAgain)
        seenAgain.removeAll(keepingCapacity: true)
        try store.noteSeen(images, scanID: scanID)
        seen += images.runs
        isUnsynced = true
    }

    /// Takes over reused images: most rows are written later, backing files and errors at once.
    private func note(_ images: ReusedImages, _ statements: WriterStatements) throws(SQLiteError) {
        seenAgain += images.ids
        totals.add(images)
        for (imageID, backing) in images.backings {
            try begin(rows: 1)
            try statements.backing.write(backing, imageID: imageID, scanID: scanID)
        }
        for imageID in images.incomplete {
            try begin(rows: 1)
            try repeatErrors(imageID: imageID, statements)
        }
    }

    /// Commits everything, including what was not yet handed over.
    private func commitOrFail() {
        guard failure == nil, let statements else { return }
        do throws(SQLiteError) {
            try insert(pending.withLock { $0.take() }, statements)
            try note(reused.withLock { ScanWriter.taking(&$0) }, statements)
            try commit()
        } catch {
            fail(error)
        }
    }

    private func fail(_ error: SQLiteError) {
        failure = error
        do throws(SQLiteError) {
            if store.database.isInTransaction { try store.database.execute("ROLLBACK") }
        } catch {
            // The first error is the one to report.
        }
        onFailure()
    }

    /// Marks the scan as failed, if the store can still be written.
    private func markFailed(filesSeen: Int, bytesRead: UInt64) {
        do throws(SQLiteError) {
            try store.finishScan(scanID, state: .failed, totals: totals, filesSeen: filesSeen, bytesRead: bytesRead)
            try store.noteReturned()
        } catch {
            // The row stays 'running'; the next scan makes it 'interrupted'.
        }
    }

    private func insert(_ pending: PendingRecords, _ statements: WriterStatements) throws(SQLiteError) {
        guard pending.rows > 0 else { return }
        try begin(rows: pending.rows)
        for record in pending.records {
            switch record {
            case .check(let record, let row, let path):
                noteSeen(try statements.insert(record, row, path: path, scanID: scanID, &totals))
            case .pathError(let record): try statements.insert(record, scanID: scanID, &totals)
            }
        }
    }

    private func noteSeen(_ imageID: Int64) {
        if let last = seen.last, last.upperBound == imageID &- 1 {
            seen[seen.count - 1] = last.lowerBound...imageID
        } else {
            seen.append(imageID...imageID)
        }
    }

    /// Repeats the path errors of an image whose result comes from the scan that this one resumes.
    private func repeatErrors(imageID: Int64, _ statements: WriterStatements) throws(SQLiteError) {
        guard let chain else { return }
        try statements.repeatPathErrors.run(scanID, imageID, chain.json)
        totals.pathErrors += Int(store.database.changes)
    }
}
