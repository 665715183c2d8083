import CSystem
import Dispatch
import Files
import Foundation
import QED
import Repair
import TestSupport
import Testing

struct ImageExclusiveUseTests {
    @Test func fileThatNobodyElseHasIsTakenAndConfirmed() throws {
        let fixture = try ImageFixture()
        let image = try fixture.takeWhenFree()
        try image.confirmWhenFree()
        #expect(try image.status().identity == fixture.identity)
    }

    @Test func fileThatHasChangedIsRefused() throws {
        let fixture = try ImageFixture()
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: fixture.path.text)
        #expect(refusal { _ = try fixture.take() }?.test == .unchanged)
        // Enough to recover after a crash, which has left it changed.
        try fixture.takeWhenFree(.same(fixture.identity)).confirmWhenFree()
        #expect(truncate(fixture.path.text, 9_000) == 0)
        let refused = try #require(refusal { _ = try fixture.take() })
        #expect(refused.test == .unchanged)
        #expect(refused.message.contains("9000"))
        #expect(refused.advice == "scan it again")
    }

    @Test func anotherFileAtThePathIsRefused() throws {
        let fixture = try ImageFixture()
        let other = try fixture.directory.write([1], to: "other")
        #expect(rename(other, fixture.path.text) == 0)
        #expect(refusal { _ = try fixture.take() }?.test == .unchanged)
        #expect(refusal { _ = try fixture.take(.same(fixture.identity)) }?.test == .unchanged)
    }

    @Test func whatIsNoRegularFileIsRefused() throws {
        let fixture = try ImageFixture()
        let names = ["fifo", "link", "directory", "absent"].map(fixture.directory.file)
        #expect(mkfifo(names[0], 0o600) == 0)
        #expect(symlink(fixture.path.text, names[1]) == 0)
        #expect(mkdir(names[2], 0o700) == 0)
        for name in names {
            let refused = refusal {
                _ = try ExclusiveUse.take(
                    RawPath(name), expecting: .unchanged(fixture.identity), options: AccessOptions())
            }
            #expect(refused?.test == .open, "\(name)")
        }
    }

    @Test func fileWithTwoNamesNeedsAnOption() throws {
        let fixture = try ImageFixture()
        #expect(link(fixture.path.text, fixture.directory.file("second")) == 0)
        let expected = ExclusiveUse.ExpectedFile.same(fixture.identity)
        let refused = try #require(refusal { _ = try fixture.take(expected) })
        #expect(refused.test == .hardLinks)
        #expect(refused.advice?.contains("--hard-links") == true)
        try fixture.takeWhenFree(expected) { $0.allowsHardLinks = true }.confirmWhenFree()
    }

    @Test(arguments: [100, 101, 103, 104, 200, 201, 204, 0, 1] as [off_t])
    func sharedLockOfAnotherIsRefused(byte: off_t) throws {
        let fixture = try ImageFixture()
        let other = try OpenDescriptor(fixture.path)
        #expect(csystem_ofd_take_read_lock(other.number, byte, 1) == 0)
        let refused = try #require(refusal { _ = try fixture.take() })
        #expect(refused.test == .locks)
        let holder =
            switch byte {
            case 0...1: "libvirt"
            case 101...104: "QEMU writer"
            default: "QEMU reader"
            }
        #expect(refused.message.contains(holder), "\(refused)")
    }

    @Test func exclusiveLockOfAnotherIsRefused() throws {
        let fixture = try ImageFixture()
        let other = try OpenDescriptor(fixture.path, O_RDWR)
        #expect(csystem_ofd_take_write_lock(other.number) == 0)
        #expect(refusal { _ = try fixture.take() }?.test == .locks)
    }

    @Test(arguments: [O_RDONLY, O_RDWR])
    func openFileWithoutALockIsRefused(flags: Int32) throws {
        let fixture = try ImageFixture()
        var other: OpenDescriptor? = try OpenDescriptor(fixture.path, flags)
        #expect(refusal { _ = try fixture.take() }?.test == .lease)
        // To trust the locks is not to pass over what is known.
        #expect(refusal { _ = try fixture.take { $0.trustsLocks = true } }?.test == .lease)
        other = nil
        let image = try fixture.takeWhenFree()
        other = try OpenDescriptor(fixture.path, flags)
        #expect(refusal { try image.confirmExclusiveUse() }?.test == .lease)
        #expect(other != nil)
        other = nil
        try image.confirmWhenFree()
    }

    @Test func secondTakeIsRefusedWhileTheFirstLasts() async throws {
        let fixture = try ImageFixture()
        try withExtendedLifetime(fixture.takeWhenFree()) {
            #expect(refusal { _ = try fixture.take() }?.test == .locks)
        }
        // A program that is being started by another test has the descriptor until its exec(2).
        #expect(try await eventually { refusalOrNil(fixture) == nil })
    }

    @Test func pathThatLeadsElsewhereIsNotConfirmed() throws {
        let fixture = try ImageFixture()
        let image = try fixture.takeWhenFree()
        let other = try fixture.directory.write([1], to: "other")
        #expect(rename(fixture.path.text, fixture.directory.file("moved")) == 0)
        #expect(refusal { try image.confirmWhenFree() }?.test == .unchanged)
        #expect(rename(other, fixture.path.text) == 0)
        #expect(refusal { try image.confirmWhenFree() }?.test == .unchanged)
        #expect(rename(fixture.directory.file("moved"), fixture.path.text) == 0)
        try image.confirmWhenFree()
    }

    @Test(.enabled(if: isRoot, "only root may become another user"))
    func whoIsNotTheOwnerMustTrustTheLocks() async {
        await #expect(processExitsWith: .success) {
            let fixture = try ImageFixture()
            chmod(fixture.path.text, 0o666)
            chmod(fixture.directory.path, 0o755)
            let expected = ExclusiveUse.ExpectedFile.same(fixture.identity)
            try #require(seteuid(65534) == 0)
            let refused = try #require(refusal { _ = try fixture.take(expected) })
            #expect(refused.test == .lease)
            #expect(refused.advice?.contains("--trust-locks") == true)
            try fixture.takeWhenFree(expected) { $0.trustsLocks = true }.confirmWhenFree()
            try #require(seteuid(0) == 0)
        }
    }

    /// Who opens the file within the lease makes the kernel signal the holder; SIGIO would end the process.
    @Test func openingWithinTheLeaseDoesNotEndTheProcess() async {
        await #expect(processExitsWith: .success) {
            let fixture = try ImageFixture()
            let path = fixture.path
            let holder = try OpenDescriptor(path, O_RDWR)
            let opener = DispatchQueue(label: "opener")
            let group = DispatchGroup()
            let isEnough = Locked(false)
            opener.async(group: group) {
                while !isEnough.withLock({ $0 }) {
                    let descriptor = path.withCString { csystem_openat(AT_FDCWD, $0, O_RDWR | O_CLOEXEC) }
                    if descriptor >= 0 { close(descriptor) }
                }
            }
            var (taken, refused) = (0, 0)
            while taken < 100 || refused < 100 {
                if csystem_test_lease(holder.number) == 0 { taken += 1 } else { refused += 1 }
            }
            isEnough.withLock { $0 = true }
            group.wait()
        }
    }

    private func refusalOrNil(_ fixture: ImageFixture) -> String? {
        do {
            _ = try fixture.take()
            return nil
        } catch {
            return error.description
        }
    }
}
