import Foundation
import Lab
import TestSupport
import Testing

@testable import qedsoak

/// A soak without violations means something only if it detects what is wrong.
@Suite(.ownThread, .enabled(if: SoakBench.hasPrograms, "qemu-utils or sqlite3 is not installed"))
struct OracleTests {
    @Test func aDiskThatIsNotAsItWasWrittenIsFound() {
        var disk = GuestDisk(blockCount: 4)
        disk.write(7, to: 1..<3)
        disk.write(nil, to: 3..<4)
        var contents = Data(count: disk.size)
        for index in GuestDisk.blockSize..<3 * GuestDisk.blockSize { contents[index] = 7 }
        contents[disk.size - 1] = 9
        #expect(disk.difference(from: contents) == nil, "of the last block nothing is known")
        contents[2 * GuestDisk.blockSize + 5] = 8
        #expect(disk.difference(from: contents) == "1 blocks differ: 32773: 8 instead of 7")
        #expect(disk.difference(from: contents.dropLast()) != nil)
    }

    @Test func guestDataThatIsLostIsAViolation() throws {
        let bench = try SoakBench()
        try bench.site.verifyGuest(of: bench.image)
        #expect(bench.rules == [])
        let lost = try bench.site.io.run(["-f", "qed", "-c", "write -P 3 16k 512", bench.image.path])
        #expect(lost.status == 0)
        try bench.site.verifyGuest(of: bench.image)
        #expect(bench.rules == [.guest])
    }

    @Test func anImageThatIsLockedWithoutARepairIsAViolation() throws {
        let bench = try SoakBench()
        var refused: Run?
        try Damager.hold(bench.image, bench.site) {
            refused = try bench.site.img.run(["check", "-f", "qed", bench.image.path])
        }
        let run = try #require(refused)
        let number = bench.site.times.writerBegins()
        #expect(bench.site.isRefused(run, bench.image.path))
        bench.site.times.writerEnds(number, wasKilled: false)
        #expect(bench.rules == [.locks], "no repair ran then")
    }

    @Test func aSoundImageThatIsSaidToBeCorruptIsAViolation() throws {
        let bench = try SoakBench()
        let audit = Audit(bench.site)
        try audit.run()
        #expect(bench.rules == [] && audit.completedScans == 1)
        try bench.sql(
            """
            CREATE TEMP TABLE again AS SELECT * FROM check_result;
            UPDATE again SET id = id + 1000000, outcome = 'corrupt';
            INSERT INTO check_result SELECT * FROM again
            """)
        try audit.run()
        #expect(bench.rules == [.scan])
    }

    @Test(arguments: [false, true])
    func aRepairWhileAGuestHasTheImageOpenIsAViolation(isOpen: Bool) throws {
        let bench = try SoakBench()
        var random = SeededRandom(seed: Seed.value)
        try Defect.dirty.apply(to: ImageEditor(path: bench.image.path), using: &random)
        try Scanner.scan(["scan", "-q", bench.site.pool], bench.site)
        let inode = try FileState.inode(bench.image.path)
        let session = bench.site.times.sessionBegins(bench.image.path, inode: isOpen ? inode : inode + 1)
        let run = try bench.site.repairer(["repair", "--yes", "--settle", "0s"])
        bench.site.times.sessionEnds(session)
        #expect(run.status == 1, "\(run.account)")
        try Audit(bench.site).judgeRepairs()
        #expect(bench.rules == (isOpen ? [.untouched] : []))
        #expect(bench.site.ledger["repairs in the journal: done"] == 1)
    }

    @Test func aProgramThatDiesIsAViolation() throws {
        let bench = try SoakBench(qedscan: "false")
        _ = try bench.site.scanner(["status"])
        #expect(bench.rules == [], "status 1 is known")
        let dying = try SoakBench(qedscan: bench.script("kill -SEGV $$"))
        _ = try dying.site.scanner(["status"])
        #expect(dying.rules == [.process])
    }

    @Test func whatIsLeftBehindIsAViolation() throws {
        let bench = try SoakBench()
        try FinalReview(bench.site, Audit(bench.site)).run()
        #expect(bench.rules == [])
        try Data().write(to: URL(filePath: "\(bench.site.pool)/.qedscan-lease"))
        try FinalReview(bench.site, Audit(bench.site)).run()
        #expect(bench.rules == [.process])
    }
}

/// The place of a soak, with one image, scanned.
private final class SoakBench {
    static let hasPrograms = ["qemu-img", "qemu-io", "qemu-nbd", "sqlite3"].allSatisfy { Tool($0) != nil }

    let site: Site
    let image: PoolImage

    init(qedscan: String? = nil) throws {
        let program = try qedscan ?? #require(Tool.built("qedscan")).path
        site = try Site(qedscan: program, seed: Seed.value, seconds: 3600)
        var random = site.random("pool")
        try site.create(.sound, using: &random)
        image = try #require(site.images.images.first)
        if qedscan == nil { try Scanner.scan(["scan", "-q", site.pool], site) }
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: site.directory)
        } catch {
            print("left behind: \(site.directory): \(error)")
        }
    }

    var rules: [Ledger.Rule] { site.ledger.violations.map(\.rule) }

    func sql(_ text: String) throws {
        let run = try site.sqlite.run([site.store, text])
        try #require(run.status == 0, "\(run.account)")
    }

    /// A program that does what a shell does.
    func script(_ text: String) throws -> String {
        let path = "\(site.workshop)/script"
        try "#!/bin/sh\n\(text)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }
}
