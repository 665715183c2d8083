import FuzzDriver

@testable import SQLite
@testable import Store

/// A sound store, as the files that it is made of.
struct StoreState {
    let database: [UInt8]
    /// Empty if there is none.
    let log: [UInt8]

    /// One of each: as earlier versions left them, brought up to date, as a scan leaves it that was killed, and empty.
    static let all: [StoreState] = {
        let old = (1...4).map { StoreState(loading: ScratchDirectory.read("\(dumps)/version-\($0).sql")) }
        return old + [
            old[3].upgraded(isClosed: true), old[3].upgraded(isClosed: false), StoreState(database: [], log: []),
        ]
    }()

    /// The stores that the tests have.
    private static let dumps: String = {
        let source = #filePath
        let root = source.utf8.dropLast("Fuzz/store/StoreState.swift".utf8.count)
        return String(decoding: root, as: UTF8.self) + "Tests/StoreTests/Stores"
    }()

    private init(database: [UInt8], log: [UInt8]) {
        self.database = database
        self.log = log
    }

    private init(loading dump: [UInt8]) {
        require(!dump.isEmpty, "the dumps of old stores are not in \(StoreState.dumps)")
        StoreState.removeFiles()
        StoreState.attempt { () throws(StoreError) in
            try StoreError.wrap { () throws(SQLiteError) in
                let database = try Database(path: StoreState.path, mode: .create)
                try database.execute(String(decoding: dump, as: UTF8.self))
                try database.close()
            }
        }
        self.init(database: ScratchDirectory.read(StoreState.path), log: [])
    }

    private func upgraded(isClosed: Bool) -> StoreState {
        var state = self
        write()
        StoreState.attempt { () throws(StoreError) in
            let store = try ScanStore(writing: StoreState.path)
            try StoreError.wrap { () throws(SQLiteError) in
                try store.database.execute(
                    "UPDATE scan SET files_seen = files_seen + 1; VACUUM; UPDATE scan SET reused = 0")
            }
            if isClosed { try store.close() }
            state = StoreState(
                database: ScratchDirectory.read(StoreState.path), log: ScratchDirectory.read(StoreState.path + "-wal"))
            if !isClosed { try store.close() }
        }
        return state
    }

    // MARK: - Its place

    static let path = ScratchDirectory.file("store.db")

    /// Puts it there.
    func write() {
        StoreState.removeFiles()
        ScratchDirectory.write(database, to: "store.db")
        if !log.isEmpty { ScratchDirectory.write(log, to: "store.db-wal") }
    }

    /// With bytes of it replaced, and cut if need be.
    func patched(_ patches: [BytePatch]) -> StoreState {
        var (database, log) = (database, log)
        for patch in patches {
            if patch.isOfLog { patch.apply(to: &log) } else { patch.apply(to: &database) }
        }
        return StoreState(database: database, log: log)
    }

    private static func removeFiles() {
        for suffix in ["", "-wal", "-shm", "-journal", ".lock"] { ScratchDirectory.remove("store.db" + suffix) }
    }

    /// What makes sound stores must not fail.
    private static func attempt(_ body: () throws(StoreError) -> Void) {
        do throws(StoreError) {
            try body()
        } catch {
            require(false, "a sound store cannot be made: \(error)")
        }
    }
}

/// Bytes that replace others.
struct BytePatch {
    let isOfLog: Bool
    /// From the start of the file; what lies past its end counts from its start again.
    let offset: UInt32
    /// None: the file is cut.
    let bytes: [UInt8]

    fileprivate func apply(to file: inout [UInt8]) {
        guard !file.isEmpty else { return }
        let start = Int(offset) % file.count
        guard !bytes.isEmpty else { return file.removeLast(file.count - start) }
        for (index, byte) in bytes.enumerated() where start + index < file.count { file[start + index] = byte }
    }
}
