import Files
import Foundation
import QED
import TestSupport
import Testing

@testable import Lab

@Suite struct PoolTests {
    private static let plan: PoolPlan = {
        var plan = PoolPlan()
        plan.imageCount = 200
        plan.damagedShare = 0.5
        plan.otherFileCount = 8
        plan.seed = 11
        return plan
    }()

    @Test func poolHasWhatThePlanSays() throws {
        let scratch = try TemporaryDirectory()
        let files = try PoolWriter(PoolTests.plan).write(to: scratch.file("pool"))
        #expect(files.count == 208)
        #expect(Set(files.map(\.relativePath)).count == 208)
        #expect(Set(files.compactMap(\.defect)) == Set(Defect.allCases))
        let depths = Set(files.map { $0.relativePath.split(separator: "/").count })
        #expect(depths == [1, 2, 3, 4])
        for file in files {
            #expect(FileManager.default.fileExists(atPath: scratch.file("pool/" + file.relativePath)))
        }
    }

    @Test func everyImageGivesItsDefectAndNoOther() throws {
        let scratch = try TemporaryDirectory()
        let checker = Checker()
        for file in try PoolWriter(PoolTests.plan).write(to: scratch.file("pool")) {
            guard case .image(let defect) = file.content else { continue }
            let report = checker.check(try ImageFile(path: RawPath(scratch.file("pool/" + file.relativePath))))
            guard let defect else {
                #expect(report.outcome == .clean && report.findings.isEmpty, "\(file.relativePath)")
                continue
            }
            if let kind = defect.expectedKind {
                #expect(report.findings.contains { $0.kind == kind }, "\(file.relativePath): \(defect.rawValue)")
            }
        }
    }

    @Test func equalPlansGiveEqualPools() throws {
        let scratch = try TemporaryDirectory()
        let first = try PoolWriter(PoolTests.plan).write(to: scratch.file("a"))
        let second = try PoolWriter(PoolTests.plan).write(to: scratch.file("b"))
        #expect(first == second)
        for file in first.filter({ $0.defect == .l2Garbage || $0.content == .other }) {
            #expect(try scratch.contents("a/" + file.relativePath) == scratch.contents("b/" + file.relativePath))
        }
    }

    @Test func limitOfFilesSplitsDirectoriesAndNothingElse() throws {
        let scratch = try TemporaryDirectory()
        var plan = PoolTests.plan
        let whole = try PoolWriter(plan).write(to: scratch.file("whole"))
        plan.filesPerDirectory = 5
        let split = try PoolWriter(plan).write(to: scratch.file("split"))
        let parents = split.map { $0.relativePath.split(separator: "/").dropLast().joined(separator: "/") }
        #expect(Dictionary(grouping: parents) { $0 }.values.map(\.count).max() == 5)
        #expect(zip(whole, split).allSatisfy { $0.content == $1.content })
        for (one, other) in zip(whole, split) {
            let parts = other.relativePath.split(separator: "/").filter { !$0.hasPrefix("part-") }
            #expect(parts.joined(separator: "/") == one.relativePath)
        }
    }

    @Test(arguments: HostileFile.allCases)
    func hostileFileTakesLittleDisk(_ hostile: HostileFile) throws {
        let scratch = try TemporaryDirectory()
        let path = try hostile.write(in: scratch.file("hostile"))
        var status = stat()
        if hostile.isDevice, path.withCString({ lstat($0, &status) }) != 0 {
            print("skipped: no device can be made here")
            return
        }
        #expect(path.withCString { lstat($0, &status) } == 0)
        #expect(status.st_blocks * 512 <= 65 << 20)
        #expect((status.st_mode & S_IFMT == S_IFREG) == hostile.isImage)
        // Of mode 000: only root can go on.
        guard hostile.isImage, path.withCString({ access($0, R_OK) }) == 0 else { return }
        let report = Checker(limits: CheckLimits(baseSeconds: 2, findingsPerKind: 10))
            .check(try ImageFile(path: path))
        #expect(report.header?.hasMagic == true)
        #expect(report.findings.count <= 10 * FindingKind.allCases.count)
        let isSound = path.bytes != Array((scratch.file("hostile") + "/\(hostile.rawValue).qed").utf8)
        if isSound { #expect(report.outcome == .clean) }
    }
}
