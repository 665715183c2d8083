import Testing

@testable import QED
@testable import Store

/// The reports about hosts, pools and their shards.
@Suite struct FleetReportTests {
    private let fixture: StoreFixture
    private static let day: Int64 = 86_400

    init() throws { fixture = try StoreFixture() }

    private func lines(_ name: String, _ values: [String: Int64] = [:]) throws -> [String] {
        try fixture.lines(try #require(Report.named(name)), values)
    }

    /// A scan of a range of positions that starts `hour` hours after the year's beginning and ends an hour later.
    private func scan(
        _ number: Int, of count: Int, _ bounds: ClosedRange<Int>?, hour: Int = 0, host: String = "pool:p",
        node: String = "a", state: String = "completed", _ body: (ScanWriter) throws -> Void = { _ in }
    ) throws {
        try fixture.scan(host: host, node: node, covers: { _ in false }, body)
        try fixture.execute(
            """
            UPDATE scan SET
                started_at = strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '\(hour) hours'),
                finished_at = iif('\(state)' = 'running', NULL, strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '\(hour + 1) hours')),
                state = '\(state)', roots = '["/pool","/more"]', shard_number = \(number), shard_count = \(count),
                shard_lower = \(bounds.map { "\($0.lowerBound)" } ?? "NULL"),
                shard_upper = \(bounds.map { "\($0.upperBound)" } ?? "NULL")
            WHERE id = (SELECT max(id) FROM scan)
            """)
    }

    private static let end = 1 << 32

    // MARK: - shards

    @Test func withoutShardsTheReportsAreEmpty() throws {
        try fixture.scan { $0.write("/pool/x", inode: 1) }
        #expect(try lines("shards").isEmpty)
    }

    @Test func aCompletePoolHasNoFault() throws {
        try scan(2, of: 2, 1000...FleetReportTests.end, node: "b") {
            $0.write("/pool/x", inode: 1, report: .corrupt(1))
        }
        try scan(1, of: 2, 0...1000, hour: 24) { $0.write("/pool/y", inode: 2) }
        #expect(
            try lines("shards") == [
                "pool:p|/pool /more|1|2|completed|-|a|2026-01-02 00:00:00.000|2026-01-02 01:00:00.000|1|0",
                "pool:p|/pool /more|2|2|completed|-|b|2026-01-01 00:00:00.000|2026-01-01 01:00:00.000|1|1",
            ])
    }

    /// Shard, state and fault of each row.
    private func faults() throws -> [String] {
        try lines("shards").map { line in
            let values = line.split(separator: "|", omittingEmptySubsequences: false)
            return values[2] + " " + values[4] + " " + values[5]
        }
    }

    @Test func faultsComeFirst() throws {
        try scan(1, of: 7, 0...100, hour: 1)
        try scan(3, of: 7, 200...300, hour: 30, state: "interrupted")
        try scan(4, of: 7, 310...400, hour: 30)
        try scan(6, of: 7, 500...600, hour: 30, state: "failed")
        try scan(7, of: 7, 600...FleetReportTests.end, hour: 30)
        // The next scan would end it.
        try scan(2, of: 7, 100...200, hour: 30, state: "running")
        #expect(
            try faults() == [
                "3 interrupted -", "5 never -", "6 failed -", "4 completed gap", "1 completed late", "2 running -",
                "7 completed -",
            ])
    }

    @Test(
        arguments: [
            ([0...50, 50...100], ["2 completed gap", "1 completed -"]),
            ([1...50, 50...FleetReportTests.end], ["1 completed gap", "2 completed -"]),
            ([0...50, 49...FleetReportTests.end], ["2 completed overlap", "1 completed -"]),
            ([0...50, 49...100], ["2 completed gap, overlap", "1 completed -"]),
            ([0...0, 0...FleetReportTests.end], ["1 completed -", "2 completed -"]),
            (
                [0...FleetReportTests.end, FleetReportTests.end...FleetReportTests.end],
                ["1 completed -", "2 completed -"]
            ),
            // It was stopped before it knew them.
            ([nil, 49...FleetReportTests.end], ["1 completed -", "2 completed -"]),
        ] as [([ClosedRange<Int>?], [String])])
    func shardsThatDoNotAdjoinAreFaults(_ bounds: [ClosedRange<Int>?], _ expected: [String]) throws {
        for (index, part) in bounds.enumerated() { try scan(index + 1, of: bounds.count, part) }
        #expect(try faults() == expected)
    }

    @Test func onlyTheLatestScanOfTheLatestLayoutCounts() throws {
        for number in 1...3 { try scan(number, of: 3, 0...10, state: "failed") }
        try scan(1, of: 2, 0...10, state: "interrupted")
        try scan(2, of: 2, 10...FleetReportTests.end)
        try scan(1, of: 2, 0...10)
        // Of others.
        try scan(1, of: 1, 0...FleetReportTests.end, host: "pool:q")
        #expect(try faults() == ["1 completed -", "2 completed -", "1 completed -"])
        #expect(try lines("shards").map { $0.prefix(6) } == ["pool:p", "pool:p", "pool:q"])
        // Once it is scanned in one piece, it has no shards.
        try scan(1, of: 1, 0...FleetReportTests.end)
        try fixture.execute(
            "UPDATE scan SET shard_number = NULL, shard_count = NULL WHERE id = (SELECT max(id) FROM scan)")
        #expect(try lines("shards").map { $0.prefix(6) } == ["pool:q"])
    }

    // MARK: - hosts

    /// Host, time and age of the last complete scan, and machines.
    private func ages() throws -> [String] {
        let start: Int64 = 1_767_225_600
        return try lines("hosts", ["at": start + 10 * FleetReportTests.day]).map { line in
            let values = line.split(separator: "|", omittingEmptySubsequences: false)
            return ([values[0]] + values[11...]).joined(separator: "|")
        }
    }

    @Test func aPoolIsAsOldAsItsOldestShard() throws {
        try scan(1, of: 2, 0...10, hour: 50, node: "a")
        try scan(2, of: 2, 10...FleetReportTests.end, hour: 0, node: "b")
        try scan(2, of: 2, 10...FleetReportTests.end, hour: 70, node: "c", state: "interrupted")
        #expect(try ages() == ["pool:p|2026-01-01 01:00:00.000|9|a, b, c", "(all)|-|-|-"])
        try scan(2, of: 2, 10...FleetReportTests.end, hour: 99, node: "d")
        #expect(try ages() == ["pool:p|2026-01-03 03:00:00.000|7|4", "(all)|-|-|-"])
    }

    @Test func aPoolWithoutOneOfItsShardsWasNeverWhole() throws {
        try scan(1, of: 2, 0...10)
        #expect(try ages() == ["pool:p|-|-|a", "(all)|-|-|-"])
    }

    @Test func theWorstHostIsFirstAndTheSumLast() throws {
        try fixture.scan(host: "fine") { $0.write("/x", inode: 1) }
        try fixture.scan(host: "gone") { $0.write("/x", inode: 1) }
        try fixture.scan(host: "gone") { _ in }
        try fixture.scan(host: "leaking") { $0.write("/x", inode: 1, report: .corrupt(0, leaks: 3)) }
        try fixture.scan(host: "pool:p", node: "n") { writer in
            writer.write("/x", inode: 1, report: .corrupt(2))
            writer.write("/y", inode: 2, report: nil, outcome: .inUse)
        }
        let rows = try lines("hosts").map { $0.split(separator: "|").prefix(11).joined(separator: "|") }
        #expect(
            rows == [
                "pool:p|2|0|0|1|1|0|0|2|102400|0", "leaking|1|0|1|0|0|0|196608|0|51200|0",
                "fine|1|1|0|0|0|0|0|0|51200|0",
                "gone|0|0|0|0|0|0|0|0|0|1", "(all)|4|1|1|1|1|0|196608|2|204800|1",
            ])
    }

    // MARK: - Others

    @Test func theTrendNamesTheShard() throws {
        try scan(2, of: 3, 0...10)
        #expect(try lines("trend").first?.hasPrefix("1|pool:p|2/3|") == true)
    }
}
