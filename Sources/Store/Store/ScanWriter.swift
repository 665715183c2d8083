import Dispatch
import Files
import SQLite

/// Writes what a scan finds, from any number of workers, on a queue of its own.
///
/// Records are collected into transactions: of so many rows, or what came in a second, so that a crash loses no more
/// than that, and a power cut no more than what came in half a minute. Workers wait only when they are far ahead, counted
/// in rows: records may have thousands. After an error nothing more is written; `finish` throws it.
/// `@unchecked Sendable`: all stored variables are touched only on `queue`.
package final class ScanWriter: @unchecked Sendable {
    /// Rows to a transaction.
    private static let batchSize = 4000
    /// Units that may wait to be written, see `PendingRecords`.
    private static let backlogLimit = 2048
    /// Images seen again that are handed over together: alone, handing one over costs more than its row.
    private static let reusedTogether = 4096
    /// Images seen again that are noted together, so that the runs of their IDs are long.
    private static let seenTogether = 1 << 16
    /// Seconds.
    private static let commitInterval = 1.0
    /// Commits by time after which what was committed is on disk.
    private static let ticksPerSync = 30
    /// Commits by time to each update of the scan's progress, outside WAL mode: there each one waits for the disk.
    private static let ticksPerSlowProgress = 10

    private let queue = DispatchQueue(label: "qedscan.writer")
    private let backlog = DispatchSemaphore(value: backlogLimit)
    /// Lets one worker at a time take its units, so that no two wait for each other with half of theirs.
    private let turn = DispatchSemaphore(value: 1)
    private let timer: any DispatchSourceTimer
    /// Seen again and not yet handed over.
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
    /// Seen again and not yet noted in their rows.
    private var seenAgain: [Int64] = []
    /// The images that the scan has seen, but for those.
    private var seen: [ClosedRange<Int64>] = []
    private var ticks = 0
    /// Whether something was committed that a power cut may take.
    private var isUnsynced = false
    private let isWAL: Bool
    private let progress: (@Sendable () -> ProgressRecord)?
    private let chain: ScanChain?
    private var failure: SQLiteError?
    private let onFailure: @Sendable () -> Void

    /// Adds the scan's row. Until `finish` the store belongs to the writer.
    ///
    /// - Parameters:
    ///   - interval: seconds after which what came is committed.
    ///   - progress: asked at each interval how far the scan is; nil if nobody is to know.
    ///   - onFailure: called once when the store cannot be written any more.
    package init(
        store: ScanStore, scan: ScanRecord, interval: Double = commitInterval,
        progress: (@Sendable () -> ProgressRecord)? = nil, onFailure: @escaping @Sendable () -> Void
    ) throws(StoreError) {
        self.store = store
        self.onFailure = onFailure
        self.progress = progress
        host = scan.host
        node = scan.node
        chain = scan.continues
        (scanID, statements, isWAL) = try StoreError.wrap { () throws(SQLiteError) in
            let scanID = try store.beginScan(scan)
            // For a CHECK with a list of words SQLite makes a table of them for each row, which costs as much as the
            // row. What is written is made of the types that have these words, and of clamped numbers: it breaks none.
            try store.database.setChecksConstraints(false)
            let statements = try WriterStatements(store.database, host: scan.host, scanID: scanID)
            return (scanID, statements, try store.database.journalMode() == .wal)
        }
        // Made once nothing can fail any more: Dispatch ends the process for a source that was never resumed.
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + interval, repeating: interval)
        timer.setEventHandler { [weak self] in self?.tick() }
        timer.resume()
    }

    /// Writes the result for an image.
    package func write(_ record: CheckRecord) {
        let ready = PendingRecord.check(record, CheckResultRow(record, scanID: scanID), path: record.path.columns)
        add(ready, rows: 1 + (record.report?.findings.count ?? 0))
    }

    /// Notes that images were seen again, unchanged: those that a function adds.
    package func writeReused(_ add: (inout ReusedImages) -> Void) {
        let full = reused.withLock { reused -> ReusedImages? in
            add(&reused)
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

    package func write(_ record: PathErrorRecord) {
        add(.pathError(record), rows: 1)
    }

    /// Commits everything and fills in the scan's row. No record may come after it.
    ///
    /// - Parameter reach: what the scan has looked at; the images that it should have seen and did not are marked.
    package func finish(
        isInterrupted: Bool, filesSeen: Int, bytesRead: UInt64, reach: ScanScope
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
                        scanID: scanID, host: host, node: node, isInterrupted: isInterrupted, reach: reach,
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

    /// What is done every second.
    private func tick() {
        commitOrFail()
        guard failure == nil, let statements else { return }
        ticks += 1
        if isUnsynced, ticks % ScanWriter.ticksPerSync == 0 { sync() }
        if let progress, isWAL || ticks % ScanWriter.ticksPerSlowProgress == 0 {
            do throws(SQLiteError) {
                try statements.progress.write(progress(), scanID: scanID)
            } catch {
                // It only says how far the scan is. If the store is broken, the next commit says so.
            }
        }
    }

    /// Brings what was committed onto the disk, as far as readers allow. In WAL mode only a checkpoint does, and SQLite
    /// makes one after so many pages: with few results that may be hours.
    private func sync() {
        isUnsynced = false
        do throws(SQLiteError) {
            try store.database.execute("PRAGMA wal_checkpoint(PASSIVE)")
        } catch {
            // As after the checkpoints that SQLite makes: what was committed is kept.
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

    /// Takes over what was seen again: the rows of most images for later, what else there is to write at once.
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

    /// Commits all that has come, what was not yet handed over too.
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

    /// Says in the scan's row that it failed, where the store still takes that.
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

    /// Adds the errors of an image that this scan took over from one it continues, as if it had met them.
    private func repeatErrors(imageID: Int64, _ statements: WriterStatements) throws(SQLiteError) {
        guard let chain else { return }
        try statements.repeatPathErrors.run(scanID, imageID, chain.json)
        totals.pathErrors += Int(store.database.changes)
    }
}
