import Files
import Foundation
import QED
import TestSupport
import Testing

@testable import Repair

struct ImageMountPointTests {
    private static func parse(_ text: String) -> [MountPoint] { MountPoint.parse(Array(text.utf8)) }

    @Test func lineIsReadWithAndWithoutOptionalFields() throws {
        let mounts = ImageMountPointTests.parse(
            """
            27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
            36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:7 - nfs4 server:/x rw,vers=4.2,local_lock=none

            """)
        #expect(mounts.map(\.id) == [27, 36])
        #expect(mounts.map(\.fileSystem) == ["ext4", "nfs4"])
        #expect(mounts.map(\.path.text) == ["/", "/mnt2"])
        #expect(mounts[1].options == ["rw", "noatime", "rw", "vers=4.2", "local_lock=none"])
        #expect(mounts.map(\.isNetwork) == [false, true])
    }

    @Test func octalEscapesAreBytes() throws {
        let mounts = ImageMountPointTests.parse(#"1 0 0:1 / /a\040b\011\134\303\251\9\04 rw - tmpfs a\040b rw"#)
        #expect(mounts.first?.path.bytes == Array("/a b\t\\é\\9\\04".utf8))
        #expect(ImageMountPointTests.parse(#"1 0 0:1 / /\777 rw - tmpfs none rw"#).first?.path.text == #"/\777"#)
    }

    @Test func oddLinesArePassedOver() {
        let odd = [
            "", " ", "-", "27", "x 1 254:0 / / rw - ext4 /dev/vda rw", "27 1 254:0 / / rw ext4 /dev/vda rw a b",
            "27 1 254:0 / / rw - ext4 /dev/vda", "27 1 254:0 / / rw -", "- - - - - - - - -",
        ]
        for line in odd { #expect(ImageMountPointTests.parse(line).isEmpty, "\(line)") }
        let table = odd.joined(separator: "\n") + "\n27 1 254:0 / / rw - ext4 /dev/vda rw"
        #expect(ImageMountPointTests.parse(table).map(\.id) == [27])
        #expect(MountPoint.parse([0xff, 0x20, 0x0a, 0xfe]).isEmpty)
    }

    @Test(arguments: [
        ("nfs", "rw,nolock,local_lock=all", "nolock"), ("nfs", "rw,local_lock=posix", "local_lock=posix"),
        ("nfs4", "rw,local_lock=none", nil), ("nfs", "rw,local_lock=flock", nil), ("cifs", "rw,nobrl", "nobrl"),
        ("ext4", "rw,nolock", nil),
    ])
    func locksThatStayOnTheHostAreSeen(fileSystem: String, options: String, expected: String?) {
        let mounts = ImageMountPointTests.parse("1 0 0:1 / /mnt rw - \(fileSystem) server:/x \(options)")
        #expect(mounts.count == 1)
        #expect(mounts.first?.localLockOption == expected)
    }

    @Test(arguments: [
        ("nfs", true), ("smb3", true), ("fuse.sshfs", true), ("fuse", true), ("fuseblk", false), ("xfs", false),
        ("btrfs", false), ("ocfs2", true), ("overlay", false),
    ])
    func networkFileSystemsAreKnown(fileSystem: String, isNetwork: Bool) throws {
        let mount = try #require(ImageMountPointTests.parse("1 0 0:1 / /mnt rw - \(fileSystem) x rw").first)
        #expect(mount.isNetwork == isNetwork)
        #expect(QuietPeriod.standard(for: mount) == .seconds(isNetwork ? 65 : 10))
    }

    @Test func mountOfAnOpenFileIsFound() throws {
        let descriptor = try OpenDescriptor(RawPath("/proc/self/status"))
        let mount = try #require(try MountPoint(descriptor: descriptor.number))
        #expect(mount.fileSystem == "proc")
        #expect(mount.path.text == "/proc")
    }

    @Test func networkLocksAreRefusedUnlessThisIsTheOnlyHost() throws {
        let fixture = try ImageFixture()
        let descriptor = try OpenDescriptor(fixture.path, O_RDWR)
        let mount = try #require(ImageMountPointTests.parse("1 0 0:1 / /pool rw - nfs s:/x rw,nolock").first)
        var options = AccessOptions()
        for mount in [mount, nil] {
            let use = ExclusiveUse(descriptor: descriptor.number, path: fixture.path, options: options, mount: mount)
            let refused = try #require(refusal { try use.requireNetworkLocks() })
            #expect(refused.test == .networkLocks)
            #expect(refused.advice?.contains("--only-host") == true)
        }
        options.isOnlyHost = true
        try ExclusiveUse(descriptor: descriptor.number, path: fixture.path, options: options, mount: mount)
            .requireNetworkLocks()
    }

    /// An NFS client without a delegation gives EAGAIN, whether or not anybody has the file open.
    @Test func leaseOfANetworkClientIsATrustInLocks() throws {
        let fixture = try ImageFixture()
        let (descriptor, other) = (try OpenDescriptor(fixture.path, O_RDWR), try OpenDescriptor(fixture.path))
        let mount = try #require(ImageMountPointTests.parse("1 0 0:1 / /pool rw - nfs4 s:/x rw").first)
        var options = AccessOptions()
        var use = ExclusiveUse(descriptor: descriptor.number, path: fixture.path, options: options, mount: mount)
        let refused = try #require(refusal { try use.testLease() })
        #expect(refused.test == .lease && refused.advice?.contains("--trust-locks") == true)
        options.trustsLocks = true
        use = ExclusiveUse(descriptor: descriptor.number, path: fixture.path, options: options, mount: mount)
        try use.testLease()
        withExtendedLifetime(other) {}
    }
}
