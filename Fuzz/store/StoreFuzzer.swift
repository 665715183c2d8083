import Files
import FuzzDriver
import Repair

@testable import SQLite
@testable import Store

/// A store that is damaged, in its bytes or in its values: every question gives answers or a typed error.
///
/// An input is a byte that says which store and what is asked, and then what is damaged. SQLite itself is not
/// instrumented: what is looked for is what this program makes of what it reads.
@main
enum StoreFuzzer: FuzzTarget {
    private static let host = "test"

    static func run(_ input: FuzzInput) {
        var input = input
        let choice: UInt8 = input.integer()
        var (bytes, values): ([BytePatch], [ValuePatch]) = ([], [])
        while !input.isEmpty, bytes.count + values.count < 64 {
            let kind: UInt8 = input.integer()
            if kind & 1 == 0 {
                values.append(ValuePatch(&input))
            } else {
                let offset: UInt32 = input.integer()
                bytes.append(BytePatch(isOfLog: kind & 2 != 0, offset: offset, bytes: input.bytes(Int(kind >> 4))))
            }
        }
        StoreState.all[Int(choice >> 2) % StoreState.all.count].patched(bytes).write()
        ValuePatch.apply(values)
        switch choice & 3 {
        case 0: verify()
        case 1: attempt(read)
        case 2: attempt(migrate)
        default: attempt(prune)
        }
    }

    private static func verify() {
        for fault in StoreCheck(ofStoreAt: StoreState.path).faults { requirePrintable(fault) }
    }

    // MARK: - To read

    private static func read() throws(StoreError) {
        _ = try StoreVersion(ofStoreAt: StoreState.path)
        let store = try ScanStore(reading: StoreState.path)
        for report in Report.all { attempt { () throws(StoreError) in try read(report, store) } }
        let record = ScanRecord(host: host, roots: [RawPath("/pool")], options: [], version: "1")
        attempt { () throws(StoreError) in
            let figures = try store.poolFigures(.node(host), roots: nil)
            require(figures.images >= 0 && figures.missing >= 0, "fewer images than none")
        }
        attempt { () throws(StoreError) in _ = try PoolStatus(store) { nil } }
        attempt { () throws(StoreError) in _ = try store.chain(before: record) }
        attempt { () throws(StoreError) in _ = try store.expectedImageCount(of: record) }
        attempt { () throws(StoreError) in
            _ = try store.knownImages(host: host, oldest: nil, threadCount: 2)
        }
        attempt { () throws(StoreError) in _ = try store.repairCandidates(node: host, withAutoclear: true) }
        attempt { () throws(StoreError) in
            _ = try ScanNews(of: 4, host: host, roots: [RawPath("/pool")], in: store)
        }
        attempt { () throws(RepairFailure) in try readJournal(StoreJournal(reading: store, host: host)) }
        try store.close()
    }

    private static func read(_ report: Report, _ store: ScanStore) throws(StoreError) {
        try StoreError.wrap { () throws(SQLiteError) in
            let statement = try store.database.prepare(report.sql)
            for parameter in report.parameters {
                try statement.bind(parameter.defaultValue, named: ":\(parameter.name)")
            }
            var count = 0
            while try statement.step() { count += try statement.row().isEmpty ? 0 : 1 }
            require(count < 100_000, "\(report.name) has more rows than there can be")
        }
    }

    private static func readJournal(_ journal: StoreJournal) throws(RepairFailure) {
        for id in try journal.allRepairs() {
            attempt { () throws(RepairFailure) in
                guard let repair = try journal.repair(id) else { return }
                require(repair.id == id, "another repair")
                _ = (try journal.undoable(id), try journal.newestRepair(ofImageOf: id))
                _ = try journal.lastFingerprint(since: id)
                for phase in RepairWrite.Phase.allCases {
                    try journal.forEachWrite(of: id, in: phase) { write in
                        require(write.phase == phase, "a write of another phase")
                    }
                }
            }
        }
    }

    // MARK: - To write

    private static func migrate() throws(StoreError) {
        try ScanStore.refuseOtherFiles(at: StoreState.path)
        try ScanStore.use(path: StoreState.path) { store throws(StoreError) in
            try store.endDeadScans()
        }
        require(try StoreVersion(ofStoreAt: StoreState.path).missing.isEmpty, "migrated, and not at this version")
        try ScanStore(reading: StoreState.path).close()
    }

    private static func prune() throws(StoreError) {
        try ScanStore.use(path: StoreState.path) { store throws(StoreError) in
            _ = try Pruning(PruneRule(keepScans: 1, keepSince: nil), in: store).counts
            _ = try Pruning(PruneRule(keepScans: 2, keepSince: nil), in: store).run()
        }
    }

    // MARK: - Errors

    private static func attempt<Failure: Error>(_ body: () throws(Failure) -> Void) {
        do throws(Failure) {
            try body()
        } catch {
            requirePrintable("\(error)")
        }
    }

    private static func requirePrintable(_ sentence: String) {
        require(!sentence.isEmpty, "an error without words")
        require(
            !sentence.unicodeScalars.contains { $0.properties.generalCategory == .control },
            "control characters in \(Array(sentence.utf8))")
    }
}
