import Files
import ScanModel
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// What `scan --only-changes` tells.
@Suite struct ScanNewsTests {
    private let fixture: StoreFixture
    private let roots = [RawPath("/p")]

    init() throws { fixture = try StoreFixture() }

    private func news(roots: [RawPath]? = nil) throws -> ScanNews {
        let store = try ScanStore(reading: fixture.path)
        let last = try #require(Int64(sqliteValue: try store.database.scalar("SELECT max(id) FROM scan")))
        return try ScanNews(of: last, host: StoreFixture.host, roots: roots ?? self.roots, in: store)
    }

    private func items(roots: [RawPath]? = nil) throws -> [String] {
        try news(roots: roots).items.map { item in
            [item.kind.rawValue, item.path, item.oldPath, item.outcome?.rawValue].compactMap(\.self)
                .joined(separator: "|")
        }
    }

    private func fillPool() throws {
        try fixture.scan { writer in
            writer.write("/p/clean", inode: 1)
            writer.write("/p/hurt", inode: 2)
            writer.write("/p/ill", inode: 3, report: .corrupt(1))
            writer.write("/p/gone", inode: 4, born: 40)
            writer.write("/p/old", inode: 5, born: 50)
            writer.write("/p/better", inode: 6, report: .corrupt(3))
            writer.write("/p/still", inode: 7, report: .corrupt(1))
            writer.write("/p/more", inode: 8, report: .corrupt(1))
        }
    }

    @Test func theFirstScanReportsAllProblems() throws {
        try fillPool()
        let news = try news()
        #expect(news.since == nil)
        #expect(try items().allSatisfy { $0.hasPrefix("new, and damaged|") })
        #expect(news.items.map(\.path) == ["/p/better", "/p/ill", "/p/more", "/p/still"])
        #expect(news.stillDamaged == 0)
    }

    @Test func everyKindOfChangeIsReported() throws {
        try fillPool()
        try fixture.scan { writer in
            writer.writeReused(imageID: 1, outcome: .clean, isDirty: false)
            writer.write("/p/hurt", inode: 2, report: .corrupt(0, leaks: 2))
            writer.write("/p/ill", inode: 3)
            writer.write("/p/moved", inode: 5, born: 50)
            writer.write("/p/better", inode: 6, report: .corrupt(2))
            writer.writeReused(imageID: 7, outcome: .corrupt, isDirty: false)
            writer.write("/p/more", inode: 8, report: .corrupt(2))
            writer.write("/p/new", inode: 9)
            writer.write("/p/newill", inode: 10, report: .corrupt(1))
            writer.write("/p/odd", inode: 11, report: nil, outcome: .unsupported)
            writer.write("/p/running", inode: 12, report: nil)
        }
        #expect(
            try items() == [
                "newly damaged|/p/hurt|leaking", "new, and damaged|/p/newill|corrupt", "worse|/p/more|corrupt",
                "new, and cannot be checked|/p/odd|unsupported", "vanished|/p/gone", "moved|/p/moved|/p/old|clean",
                "healed|/p/ill|clean",
            ])
        #expect(try news().stillDamaged == 2)
    }

    @Test func nothingIsReportedTwice() throws {
        try fillPool()
        for _ in 0..<2 {
            try fixture.scan { writer in
                for id in [1, 2, 4, 5] as [Int64] { writer.writeReused(imageID: id, outcome: .clean, isDirty: false) }
                for id in [3, 6, 7, 8] as [Int64] { writer.writeReused(imageID: id, outcome: .corrupt, isDirty: false) }
                writer.write(PathError(path: RawPath("/p/locked"), operation: "open", code: 13, message: "m"))
            }
        }
        let news = try news()
        #expect(news.isEmpty && news.stillDamaged == 4 && news.stillFailing == 1)
    }

    @Test func changesOfAnInterruptedScanAreReported() throws {
        try fixture.scan { writer in
            writer.write("/p/a", inode: 1)
            writer.write("/p/b", inode: 2)
        }
        try fixture.scan(isInterrupted: true) { writer in
            writer.write("/p/a", inode: 1, report: .corrupt(1))
            writer.write("/p/b", inode: 2, report: .corrupt(1))
        }
        try fixture.scan { writer in
            writer.writeReused(imageID: 1, outcome: .corrupt, isDirty: false)
            writer.write("/p/b", inode: 2)
        }
        #expect(try items() == ["newly damaged|/p/a|corrupt"])
    }

    @Test func aPoolThatIsGoneAndBackIsNoChange() throws {
        let mounted = [ScannedRoot(path: RawPath("/p"), file: FileKey(device: 1, inode: 1))]
        let empty = [ScannedRoot(path: RawPath("/p"), file: FileKey(device: 2, inode: 1))]
        try fixture.scan(roots: mounted) { $0.write("/p/a", inode: 1, report: .corrupt(1)) }
        try fixture.scan(roots: empty) { _ in }
        let unmounted = try news()
        #expect(unmounted.items.isEmpty)
        #expect(unmounted.errors.map(\.operation) == ["mount"])
        try fixture.scan(roots: empty) { _ in }
        #expect(try news().isEmpty)
        try fixture.scan(roots: mounted) { $0.writeReused(imageID: 1, outcome: .corrupt, isDirty: false) }
        #expect(try news().isEmpty)
    }

    @Test func onlyChangesBelowTheRootsAreReported() throws {
        try fixture.scan { writer in
            writer.write("/p/a", inode: 1, report: .corrupt(1))
            writer.write("/pool/b", inode: 2, report: .corrupt(1))
        }
        #expect(try items() == ["new, and damaged|/p/a|corrupt"])
        #expect(try items(roots: [RawPath("/pool/b")]) == ["new, and damaged|/pool/b|corrupt"])
    }

    @Test func anInterruptedRepairIsReportedOnce() throws {
        try fillPool()
        try fixture.repair { journal throws in _ = try journal.prepare(.sample(RawPath("/p/ill")), []) }
        func scan() throws {
            try fixture.scan { writer in
                for id in 1...8 as ClosedRange<Int64> {
                    writer.writeReused(imageID: id, outcome: .clean, isDirty: false)
                }
            }
        }
        try scan()
        #expect(try news().interrupted == [1])
        try fixture.execute("UPDATE repair SET started_at = '2000-01-01 00:00:00.000'")
        #expect(try news().interrupted.isEmpty)
        #expect(try news().stillFailing == 1)
    }
}
