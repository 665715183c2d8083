import Dispatch
import Files
import SQLite

/// What is known of images before a scan.
extension ScanStore {
    /// Images from which on a second connection is worth opening.
    private static let imagesPerConnection: Int64 = 10_000
    private static let connectionLimit = 4

    /// Each result of a host or pool that may be used again, as what a function makes of it and of the bytes of the image's
    /// path, which are there until it returns.
    ///
    /// That is: of this version of the checker, conclusive, made at or after `oldest`, and of a file whose last change
    /// was at least two seconds before the check. A later change within the clock's resolution would not show. An
    /// overlay is checked again if the store does not have the exact name of its backing file.
    ///
    /// Whatever was checked since a chain of scans began, by them or others, may be used again too, even if it is not
    /// conclusive; but what was in use or changing is cheap, and worth another try.
    ///
    /// - Parameters:
    ///   - oldest: of results that are not the chain's; nil for any age.
    ///   - chain: what the scan goes on from.
    ///   - isOfChainOnly: nothing else is used again.
    ///   - reader: who asks, of a pool that other machines scan too; nil for a machine's own images.
    ///   - threadCount: so many may read at once, each with a connection of its own.
    package func knownImages<Value: Sendable>(
        host: String, oldest: String?, chain: ScanChain? = nil, isOfChainOnly: Bool = false, reader: PoolReader? = nil,
        threadCount: Int = 1,
        _ make: @escaping @Sendable (KnownImageRecord, _ path: UnsafeRawBufferPointer) -> Value
    ) throws(StoreError) -> [Value] {
        @Sendable func read(_ database: Database, _ ids: ClosedRange<Int64>) throws(SQLiteError) -> [Value] {
            var values: [Value] = []
            try KnownImageReader(
                database, oldest: oldest, chain: chain, isOfChainOnly: isOfChainOnly, reader: reader
            )
            .forEach(host: host, ids: ids) { values.append(make($0, $1)) }
            return values
        }
        let last = try StoreError.wrap { () throws(SQLiteError) in
            Int64(sqliteValue: try database.scalar("SELECT max(id) FROM image")) ?? 0
        }
        let wanted = min(last / ScanStore.imagesPerConnection, Int64(min(threadCount, ScanStore.connectionLimit)))
        // Each is used by one of the threads, while this one waits.
        nonisolated(unsafe) let databases = connections(atMost: Int(wanted))
        let partCount = Int64(databases.count)
        let ends = (0...partCount).map { $0 * (last / partCount) }
        let parts = Locked<[Int: Result<[Value], SQLiteError>]>([:])
        DispatchQueue.concurrentPerform(iterations: databases.count) { index in
            let result = Result { () throws(SQLiteError) in
                let end = index == databases.count - 1 ? Int64.max : ends[index + 1]
                return try read(databases[index], ends[index] + 1...end)
            }
            parts.withLock { $0[index] = result }
        }
        return try StoreError.wrap { () throws(SQLiteError) in
            var values: [Value] = []
            for index in databases.indices { values += try parts.withLock { $0[index] }?.get() ?? [] }
            return values
        }
    }

    /// The store's connection, and more to read with, as far as they can be had.
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

    /// How many images of a host the store knows to be there, at some paths or below them.
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

    /// Some paths without those at or below others, so that nothing counts twice, and without slashes at their ends.
    private func outermost(of paths: [RawPath]) -> [RawPath] {
        var outermost: [RawPath] = []
        for path in paths.map(\.withoutTrailingSlashes) where !outermost.contains(where: path.isWithin) {
            outermost.removeAll { $0.isWithin(path) }
            outermost.append(path)
        }
        return outermost
    }

    /// How many images a scan may meet, by those before it; nil if there are none.
    package func expectedImageCount(of scan: ScanRecord) throws(StoreError) -> Int? {
        let count = try presentImageCount(host: scan.host, roots: scan.roots)
        return count > 0 ? count : nil
    }
}
