import CSystem
import Dispatch
import Files
import Foundation
import QED
import Synchronization
import TestSupport
import Testing

@testable import Repair

struct ImagePoolLeaseTests {
    private static let leaseName = ".qedscan-lease"

    private static func holder(_ host: String = "here") throws -> LeaseHolder {
        try LeaseHolder(host: host, since: "2024-05-06 07:08:09")
    }

    private static func leases(_ host: String = "here") throws -> PoolLeases { PoolLeases(holder: try holder(host)) }

    private static func text(_ fixture: ImageFixture) throws -> String {
        String(decoding: try fixture.directory.contents(leaseName), as: UTF8.self)
    }

    private static func isThere(_ fixture: ImageFixture) -> Bool {
        FileManager.default.fileExists(atPath: fixture.directory.file(leaseName))
    }

    private static func left(by host: String, boot: String, in fixture: ImageFixture) throws {
        let other = LeaseHolder(host: host, bootID: boot, process: 1, since: "2001-01-01 00:00:00")
        _ = try fixture.directory.write(other.text.utf8, to: leaseName)
    }

    @Test func theLeaseFileExistsWhileTheLeaseIsHeldAndNamesItsHolder() throws {
        let fixture = try ImageFixture()
        var leases: PoolLeases? = try ImagePoolLeaseTests.leases()
        try leases?.takeLease(forImage: fixture.path)
        // For a second image of the directory, and by another path to it.
        try leases?.takeLease(forImage: RawPath(fixture.directory.file("other.qed")))
        try leases?.takeLease(forImage: RawPath("\(fixture.directory.path)/./image.qed"))
        let text = try ImagePoolLeaseTests.text(fixture)
        let lines = text.split(separator: "\n")
        #expect(lines.first == "host: here" && lines.last == "since: 2024-05-06 07:08:09")
        #expect(lines.contains("process: \(getpid())"))
        #expect(LeaseHolder(text: text) == (try ImagePoolLeaseTests.holder()))
        let mode = try FileManager.default.attributesOfItem(atPath: fixture.directory.file(".qedscan-lease"))
        #expect(mode[.posixPermissions] as? Int == 0o600)
        leases = nil
        #expect(!ImagePoolLeaseTests.isThere(fixture))
    }

    /// A lease that looks like our own of an earlier run would be written to.
    @Test func leaseThatIsAnotherNameOfAFileIsRefused() throws {
        let fixture = try ImageFixture()
        let boot = try LeaseHolder(host: "here", since: "now").bootID
        try ImagePoolLeaseTests.left(by: "here", boot: boot, in: fixture)
        let (lease, victim) = (fixture.directory.file(ImagePoolLeaseTests.leaseName), fixture.directory.file("victim"))
        try #require(link(lease, victim) == 0)
        let before = try fixture.directory.contents("victim")
        let leases = try ImagePoolLeaseTests.leases()
        let refused = try #require(refusal { try leases.takeLease(forImage: fixture.path) })
        #expect(refused.test == .poolLease && refused.message.contains("2 names"))
        #expect(try fixture.directory.contents("victim") == before)
    }

    @Test func noLeaseIsMadeWhereALinkLeads() throws {
        let fixture = try ImageFixture()
        let (target, directory) = (try TemporaryDirectory(), fixture.directory.file("moved"))
        try #require(symlink(target.path, directory) == 0)
        let leases = try ImagePoolLeaseTests.leases()
        for path in ["\(directory)/image.qed", "\(directory)/below/image.qed"] {
            let refused = try #require(refusal { try leases.takeLease(forImage: RawPath(path)) })
            #expect(refused.test == .poolLease)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: target.path).isEmpty)
    }

    @Test func secondHolderOnTheHostIsRefused() throws {
        let fixture = try ImageFixture()
        let first = try ImagePoolLeaseTests.leases()
        try first.takeLease(forImage: fixture.path)
        let second = try ImagePoolLeaseTests.leases()
        let refused = try #require(refusal { try second.takeLease(forImage: fixture.path) })
        #expect(refused.test == .poolLease)
        #expect(refused.message.contains("process \(getpid())"))
        #expect(ImagePoolLeaseTests.isThere(fixture))
        withExtendedLifetime(first) {}
    }

    @Test func leaseOfADeadProcessIsTakenOver() throws {
        for boot in [try ImagePoolLeaseTests.holder().bootID, "an-earlier-boot"] {
            let fixture = try ImageFixture()
            try ImagePoolLeaseTests.left(by: "here", boot: boot, in: fixture)
            let leases = try ImagePoolLeaseTests.leases()
            try leases.takeLease(forImage: fixture.path)
            #expect(LeaseHolder(text: try ImagePoolLeaseTests.text(fixture)) == (try ImagePoolLeaseTests.holder()))
            withExtendedLifetime(leases) {}
        }
    }

    @Test func aLeaseOfAnotherHostIsRefusedAndKept() throws {
        let fixture = try ImageFixture()
        try ImagePoolLeaseTests.left(by: "there", boot: try ImagePoolLeaseTests.holder().bootID, in: fixture)
        let before = try ImagePoolLeaseTests.text(fixture)
        let leases = try ImagePoolLeaseTests.leases()
        let refused = try #require(refusal { try leases.takeLease(forImage: fixture.path) })
        #expect(refused.test == .poolLease)
        #expect(refused.message.contains("there") && refused.message.contains("2001-01-01 00:00:00"))
        #expect(refused.advice?.contains(ImagePoolLeaseTests.leaseName) == true)
        #expect(try ImagePoolLeaseTests.text(fixture) == before)
    }

    @Test(arguments: ["", "\n", "host: here\n", "host: here\nboot: x\nprocess: y\nsince: z\n", "\u{0}\u{1}"])
    func garbageIsRefusedAndKept(text: String) throws {
        let fixture = try ImageFixture()
        _ = try fixture.directory.write(text.utf8, to: ImagePoolLeaseTests.leaseName)
        let leases = try ImagePoolLeaseTests.leases()
        #expect(refusal { try leases.takeLease(forImage: fixture.path) }?.test == .poolLease)
        #expect(try ImagePoolLeaseTests.text(fixture) == text)
    }

    @Test func whatIsNoRegularFileIsRefused() throws {
        let fixture = try ImageFixture()
        let name = fixture.directory.file(ImagePoolLeaseTests.leaseName)
        let leases = try ImagePoolLeaseTests.leases()
        #expect(symlink(fixture.path.text, name) == 0)
        #expect(refusal { try leases.takeLease(forImage: fixture.path) }?.test == .poolLease)
        #expect(unlink(name) == 0 && mkfifo(name, 0o600) == 0)
        #expect(refusal { try leases.takeLease(forImage: fixture.path) }?.test == .poolLease)
        #expect(unlink(name) == 0 && mkdir(name, 0o700) == 0)
        #expect(refusal { try leases.takeLease(forImage: fixture.path) }?.test == .poolLease)
        #expect(try fixture.contents().count == 10_000)
    }

    @Test func fileThatReplacedOursIsNotRemoved() throws {
        let fixture = try ImageFixture()
        var leases: PoolLeases? = try ImagePoolLeaseTests.leases()
        try leases?.takeLease(forImage: fixture.path)
        #expect(unlink(fixture.directory.file(ImagePoolLeaseTests.leaseName)) == 0)
        try ImagePoolLeaseTests.left(by: "there", boot: "x", in: fixture)
        #expect(leases != nil)
        leases = nil
        #expect(try ImagePoolLeaseTests.text(fixture).contains("there"))
    }

    @Test func absentDirectoryIsRefused() throws {
        let leases = try ImagePoolLeaseTests.leases()
        let directory = try TemporaryDirectory()
        let image = RawPath(directory.file("absent/image.qed"))
        #expect(refusal { try leases.takeLease(forImage: image) }?.test == .poolLease)
    }

    @Test(.enabled(if: isRoot, "root may write everywhere, so it must become another user"))
    func aLocalDirectoryThatMayNotBeWrittenNeedsNoLease() async {
        await #expect(processExitsWith: .success) {
            let fixture = try ImageFixture()
            chmod(fixture.directory.path, 0o755)
            let leases = try ImagePoolLeaseTests.leases()
            try #require(seteuid(65534) == 0)
            try leases.takeLease(forImage: fixture.path)
            try #require(seteuid(0) == 0)
            #expect(!ImagePoolLeaseTests.isThere(fixture))
            // A lease that is there counts, though.
            try ImagePoolLeaseTests.left(by: "here", boot: "x", in: fixture)
            chmod(fixture.directory.file(ImagePoolLeaseTests.leaseName), 0o600)
            let others = try ImagePoolLeaseTests.leases()
            try #require(seteuid(65534) == 0)
            #expect(refusal { try others.takeLease(forImage: fixture.path) }?.test == .poolLease)
            try #require(seteuid(0) == 0)
        }
    }

    @Test func hostNamesCannotForgeLines() throws {
        let holder = LeaseHolder(host: " a\nboot: b ", bootID: "c\n", process: 5, since: "d")
        #expect(holder.text == "host: a boot: b\nboot: c\nprocess: 5\nsince: d\n")
        #expect(LeaseHolder(text: holder.text) == holder)
    }

    /// With files left by dead processes in between, which are taken over. Each holder keeps the lease until another
    /// has been refused it.
    @Test func ofRacingHoldersOnlyOneHasTheLease() async throws {
        let fixture = try ImageFixture()
        let count = HolderCount(threads: 8)
        let boot = try ImagePoolLeaseTests.holder().bootID
        let path = fixture.path
        let stale = LeaseHolder(host: "here", bootID: boot, process: 1, since: "x").text
        let name = fixture.directory.file(ImagePoolLeaseTests.leaseName)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<8 {
                group.addTask {
                    try await onOwnThread {
                        defer { count.end() }
                        var round = 0
                        while round < 60 {
                            let leases = try ImagePoolLeaseTests.leases()
                            do throws(RepairFailure) {
                                try leases.takeLease(forImage: path)
                            } catch {
                                count.refuse()
                                usleep(20)
                                continue
                            }
                            round += 1
                            count.enter()
                            count.waitForARefusal()
                            count.leave()
                            withExtendedLifetime(leases) {}
                            if (round + thread) % 3 == 0 { ImagePoolLeaseTests.leaveStale(stale, at: name) }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(count.most.load(ordering: .relaxed) == 1)
        #expect(count.all.load(ordering: .relaxed) == 480)
    }

    /// As a process does that dies: makes the file, if there is none, and leaves it.
    private static func leaveStale(_ text: String, at path: String) {
        let descriptor = csystem_create(AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        _ = Array(text.utf8).withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        close(descriptor)
    }
}

/// How many hold a lease.
private final class HolderCount: Sendable {
    private let threads: Atomic<Int>
    private let refusals = Atomic<Int>(0)
    private let current = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    let all = Atomic<Int>(0)

    init(threads: Int) { self.threads = Atomic(threads) }

    /// A thread has held it as often as it shall.
    func end() { threads.subtract(1, ordering: .sequentiallyConsistent) }

    func refuse() { refusals.add(1, ordering: .sequentiallyConsistent) }

    func waitForARefusal() {
        let before = refusals.load(ordering: .sequentiallyConsistent)
        while refusals.load(ordering: .sequentiallyConsistent) == before,
            threads.load(ordering: .sequentiallyConsistent) > 1
        {
            usleep(50)
        }
    }

    func enter() {
        most.max(current.add(1, ordering: .sequentiallyConsistent).newValue, ordering: .sequentiallyConsistent)
        all.add(1, ordering: .relaxed)
    }

    func leave() { current.subtract(1, ordering: .sequentiallyConsistent) }
}

/// Runs a blocking function on its own thread, so that it does not hold up other tests.
private func onOwnThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "ImagePoolLeaseTests").async { continuation.resume(with: Result { try body() }) }
    }
}
