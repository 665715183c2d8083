import Files
import Foundation
import Lab
import QED
import TestSupport
import Testing

/// More images than the store's backlog holds, and the largest number of workers.
@Suite(.endsInTime) struct ManyImagesTests {
    private let fixture: ScanFixture

    init() throws { fixture = try ScanFixture() }

    @Test func theMostWorkersCompleteAScanOfManyImages() async throws {
        let count = 2600
        try addTinyImages(count)
        let result = try await fixture.run("scan", "-j", "128", fixture.pool)
        #expect(result.status == 0, "\(result.errors)")
        let sql = "SELECT count(DISTINCT path) FROM latest_check WHERE outcome = 'clean'"
        #expect(try await fixture.number(sql) == count)
    }

    @Test func moreWorkersAreWrongUse() async throws {
        try fixture.addImage()
        let result = try await fixture.run("scan", "-j", "129", fixture.pool)
        #expect(result.status == 16)
        #expect(result.errors.contains("128"), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: fixture.store))
    }

    /// One is written, the others are its copies.
    private func addTinyImages(_ count: Int) throws {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 1 << 20
        let first = "\(fixture.pool)/1.qed"
        try ImageWriter(plan).write(to: RawPath(first))
        let bytes = try Data(contentsOf: URL(filePath: first))
        for number in 2...count { try bytes.write(to: URL(filePath: "\(fixture.pool)/\(number).qed")) }
    }
}
