import Files
import QED

@testable import qedscan

/// An image that went through a repair of ours and its undo, and all that was seen of it on the way.
struct ObservedRepair: Sendable {
    let name: String
    /// What was wrong with it, and how to repeat it.
    let description: String
    /// The header as it was; nil if it could not be used.
    let header: Header?
    let before: FileContents
    let after: FileContents
    let restored: FileContents
    /// nil if the repair did not look at it, or refused it.
    let plan: PlanDocument.Plan?
    /// Our checks, in process.
    let reportBefore: CheckResult
    let reportAfter: CheckResult
    let expectationBefore: QEMUExpectation
    let expectationAfter: QEMUExpectation
    let qemuAfter: PeerResult
    /// How the first reading of the guest by qemu-img ended, and the second; nil if there was none.
    let readings: [Int32]
    /// Sectors of the guest that read differently afterwards; nil if QEMU could not open it before.
    let differences: [Range<UInt64>]?

    var isChanged: Bool { before != after }

    /// Those for which no effect was foretold.
    var unforeseen: [Range<UInt64>] { differences?.outside(plan?.effects.map(\.range) ?? []) ?? [] }
}

/// Images that QEMU reads, qedscan repairs, QEMU reads and checks again, and qedscan rolls back.
struct RepairRound {
    /// Each is read as far as this many clusters of each L1 entry, or wholly if it is small.
    var clusters: UInt64 = 8
    /// Images with larger clusters are not read.
    var largestClusterSize: UInt32 = 65536
    var options = ["--also", "clone-tables"]
    private static let shells = 3

    /// - Parameter images: functions that write an image and return what is wrong with it.
    func look(at images: [(String) throws -> String]) async throws -> [ObservedRepair] {
        let pool = try RepairPool()
        let names = images.indices.map { "\($0).qed" }
        let descriptions = try zip(names, images).map { name, write in try write(pool.path(name)) }
        let before = try names.map { try Sight(pool, $0) }
        let readings = before.map(reading)
        let first = try await convert(readings, "before", pool)
        try await pool.scan()
        let plans = try await repair(pool)
        let after = try names.map { try Sight(pool, $0) }
        let second = try await convert(readings, "after", pool)
        let checks = try await pool.run(
            names.map { ["qemu-img", "check", "--output=json", QEMUImage.withoutBacking($0)] })
        try await pool.undoAll()
        return try names.indices.map { index in
            let statuses = [first[index], second[index]].compactMap { $0 }
            return ObservedRepair(
                name: names[index], description: descriptions[index], header: before[index].report.header,
                before: before[index].contents, after: after[index].contents,
                restored: try pool.contents(names[index]), plan: plans[names[index]],
                reportBefore: before[index].report, reportAfter: after[index].report,
                expectationBefore: before[index].expectation, expectationAfter: after[index].expectation,
                qemuAfter: try PeerResult(checks[index]), readings: statuses,
                differences: statuses == [0, 0]
                    ? try readings[index]?.differences("before", "after", in: pool.directory.path) : nil)
        }
    }

    /// An image at one moment.
    private struct Sight {
        let name: String
        let contents: FileContents
        let report: CheckResult
        let expectation: QEMUExpectation

        init(_ pool: RepairPool, _ name: String) throws {
            self.name = name
            contents = try pool.contents(name)
            let file = try ImageFile(path: RawPath(pool.path(name)))
            report = Checker().check(file)
            expectation = try QEMUExpectation(file, report, reason: { $0.qemuReason })
        }
    }

    private func repair(_ pool: RepairPool) async throws -> [String: PlanDocument.Plan] {
        try await pool.repair(options)
    }

    /// nil for what QEMU surely does not open, or would read for too long.
    private func reading(_ sight: Sight) -> GuestReading? {
        guard let header = sight.report.header, sight.report.fault == nil, header.clusterSize <= largestClusterSize,
            clusters > 0
        else { return nil }
        return GuestReading(of: sight.name, header: header, clusters: clusters)
    }

    /// The worst status of the reading of each image.
    private func convert(
        _ readings: [GuestReading?], _ phase: String, _ pool: RepairPool
    ) async throws -> [Int32?] {
        let directory = pool.directory.path
        let share = (readings.count + RepairRound.shells - 1) / RepairRound.shells
        return try await withThrowingTaskGroup(of: [Int: Int32].self) { group in
            for start in stride(from: 0, to: readings.count, by: max(share, 1)) {
                let indexes = start..<min(start + share, readings.count)
                group.addTask {
                    let commands = indexes.map { readings[$0]?.commands(phase, into: directory) ?? [] }
                    var runs = try await pool.run(commands.flatMap { $0 })[...]
                    var worst: [Int: Int32] = [:]
                    for (index, commands) in zip(indexes, commands) where !commands.isEmpty {
                        worst[index] = runs.prefix(commands.count).map(\.status).max()
                        runs = runs.dropFirst(commands.count)
                    }
                    return worst
                }
            }
            var statuses = [Int32?](repeating: nil, count: readings.count)
            for try await part in group { for (index, status) in part { statuses[index] = status } }
            return statuses
        }
    }
}
