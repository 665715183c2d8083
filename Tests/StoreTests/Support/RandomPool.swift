import Files
import Lab
import ScanModel
import TestSupport

@testable import QED
@testable import Repair
@testable import Store

/// A pool that changes at random, scanned again and again, with repairs in between.
struct RandomPool {
    /// What each path holds: an inode, and how damaged it is.
    private var files: [String: (inode: UInt64, corruptions: UInt64)] = [:]
    private var nextInode: UInt64 = 1
    private var random: SeededRandom

    /// Whose its images are, and the machine that scans it.
    private let host: String
    private let node: String

    init(seed: UInt64, host: String = StoreFixture.host, node: String = StoreFixture.host) {
        random = SeededRandom(seed: seed)
        (self.host, self.node) = (host, node)
    }

    mutating func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }

    /// A night: files come, go, move, are damaged and heal; then a scan sees them.
    mutating func pass(_ store: StoreFixture) throws {
        for name in (0..<8).map({ "/p/\($0)" }) {
            if files[name] == nil, chance(40) {
                files[name] = (nextInode, chance(30) ? 1 + random.next() % 3 : 0)
                nextInode += 1
            } else if files[name] != nil, chance(15) {
                files[name] = nil
            } else if let file = files[name], chance(10) {
                files[name] = nil
                files["\(name)m"] = file
            } else if files[name] != nil, chance(25) {
                let corruptions = chance(50) ? 0 : random.next() % 4
                files[name]?.corruptions = corruptions
            }
        }
        if chance(30) { files = files.filter { !$0.key.hasSuffix("m") } }
        let isInterrupted = chance(20)
        var records: [CheckedImage] = []
        for (name, file) in files.sorted(by: { $0.key < $1.key }) where !isInterrupted || chance(50) {
            let isInUse = chance(8)
            records.append(
                CheckedImage(
                    RawPath(name), isInUse ? nil : .damaged(file.corruptions), inode: file.inode,
                    born: Int64(file.inode)))
        }
        let hasError = chance(30)
        let continues = chance(70)
        try store.scan(host: host, node: node, isInterrupted: isInterrupted, continues: continues) { writer in
            for record in records { writer.write(record) }
            guard hasError else { return }
            writer.write(PathError(path: RawPath("/p/locked"), operation: "open", code: 13, message: "m"))
        }
        if chance(40), let image = files.keys.sorted().first { try repair(image, store) }
    }

    private mutating func repair(_ name: String, _ store: StoreFixture) throws {
        let path = RawPath(name)
        let known = try store.lines("SELECT count(*) FROM image WHERE path = '\(name)'")
        guard known == ["1"] else { return }
        let (isDone, undoes) = (chance(80), chance(30))
        try store.repair(host: node) { journal throws in
            let id = try journal.prepare(.sample(path), [])
            try journal.finish(id, isDone ? .sample(report: .sample()) : .sample(.rolledBack, after: nil))
            guard isDone, undoes, try journal.undoable(id) == nil else { return }
            let undo = try journal.prepare(.sample(path, undoes: id), [])
            try journal.finish(undo, .sample(report: .damaged(1)))
        }
    }
}

extension CheckedImage {
    fileprivate init(_ path: RawPath, _ report: CheckResult?, inode: UInt64, born: Int64) {
        let record = CheckedImage(path, report, inode: inode)
        self.init(
            path: path, status: record.status, outcome: record.outcome, report: report, message: nil,
            checkedAt: record.checkedAt, duration: 1, birthTime: born)
    }
}

extension CheckResult {
    /// With findings that add up.
    fileprivate static func damaged(_ corruptions: UInt64) -> CheckResult {
        .sample { _ in
        } _: { report in
            report.corruptions = corruptions
            guard corruptions > 0 else { return }
            report.findings = [
                Finding(
                    kind: .dataClusterShared, place: TableIndex(l1Index: 1, l2Index: 2), fileOffset: ByteOffset(4096),
                    clusterCount: corruptions)
            ]
        }
    }
}
