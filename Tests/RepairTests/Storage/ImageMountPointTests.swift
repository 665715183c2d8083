import Files
import Foundation
import Lab
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
        #expect(mounts.map(\.path?.text) == ["/", "/mnt2"])
        #expect(mounts[1].options == ["rw", "noatime", "rw", "vers=4.2", "local_lock=none"])
        #expect(mounts.map(\.isNetwork) == [false, true])
    }

    @Test func octalEscapesAreBytes() throws {
        let mounts = ImageMountPointTests.parse(#"1 0 0:1 / /a\040b\011\134\303\251\9\04 rw - tmpfs a\040b rw"#)
        #expect(mounts.first?.path?.bytes == Array("/a b\t\\é\\9\\04".utf8))
        #expect(ImageMountPointTests.parse(#"1 0 0:1 / /\777 rw - tmpfs none rw"#).first?.path?.text == #"/\777"#)
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
        #expect(mount.path?.text == "/proc")
    }

    /// What statmount(2) and fstatfs(2) say, where the table has no line.
    @Test func whatTheKernelIsAskedForIsWhatTheTableHas() throws {
        let fixture = try ImageFixture()
        for path in [fixture.path, RawPath("/proc/self/status")] {
            let descriptor = try OpenDescriptor(path)
            try withExtendedLifetime(descriptor) {
                let listed = try #require(try MountPoint(descriptor: descriptor.number))
                if let asked = MountPoint(asking: descriptor.number) {
                    #expect(asked.fileSystem == listed.fileSystem && asked.path == listed.path)
                }
                if let local = MountPoint(local: descriptor.number) {
                    #expect(!local.isNetwork && !listed.isNetwork && listed.fileSystem != "proc")
                }
            }
        }
    }

    @Test(.enabled(if: isStatmountThere, "statmount(2) is not there before Linux 6.8"))
    func theKernelTellsAMountWithoutTheTable() throws {
        let descriptor = try OpenDescriptor(RawPath("/proc/self/status"))
        let mount = try #require(withExtendedLifetime(descriptor) { MountPoint(asking: descriptor.number) })
        #expect(mount.fileSystem == "proc" && mount.path?.text == "/proc")
    }

    @Test func whatTheKernelTellsOfANetworkIsNotTakenForLocal() throws {
        func mount(_ type: String, _ subtype: String, _ options: String?) -> MountPoint? {
            MountPoint(id: 1, path: [], type: type, subtype: subtype, options: options)
        }
        let nfs = try #require(mount("nfs", "", "vers=3,nolock,addr=192.0.2.1"))
        #expect(nfs.isNetwork && nfs.localLockOption == "nolock" && nfs.path == nil)
        #expect(try #require(mount("fuse", "sshfs", "user_id=0")).isNetwork)
        #expect(try #require(mount("fuse", "", "user_id=0")).isNetwork)
        // Without its options: it may keep locks on this host.
        #expect(mount("nfs4", "", nil) == nil)
        #expect(try #require(mount("ext4", "", nil)).localLockOption == nil)
    }

    @Test(.enabled(if: canMount, "file systems cannot be mounted here"))
    func rootRepairsAnImageInAChroot() async throws { try await expectRepairInChroot(by: "root") }

    @Test(.enabled(if: canMount, "file systems cannot be mounted here"))
    func nobodyRepairsAnImageInAChroot() async throws { try await expectRepairInChroot(by: "nobody") }

    /// In a plain chroot the mount of most files is outside the root directory, and the table has no line for it. Nobody
    /// is not told by statmount(2) there.
    private func expectRepairInChroot(by user: String) async throws {
        let root = try TemporaryDirectory()
        let descriptor = try OpenDescriptor(RawPath(root.path))
        let isLocal = withExtendedLifetime(descriptor) { FileSystem(descriptor: descriptor.number).isLocal }
        guard isLocal || (user == "root" && isStatmountThere) else {
            try Test.cancel("nothing tells what \(root.path) is on")
        }
        let program = try ProgramCopy.put(try #require(Tool.built("qedscan")), inRoot: root.path)
        let image = try ImageMountPointTests.writeDamagedImage(in: try root.makeDirectory("pool"))
        if user == "nobody" { for name in ["", "pool", "pool/disk.qed"] { chown(root.file(name), 65534, 65534) } }

        let run = try await ImageMountPointTests.runInChroot(
            root,
            """
            inside cat /proc/self/mountinfo
            inside "$PROGRAM" --db /store.db scan -q /pool
            inside "$PROGRAM" --db /store.db repair --yes --settle 0s
            """, ["PROGRAM": program, "IDENTITY": user == "nobody" ? "--userspec=65534:65534" : "--userspec=0:0"])
        let lines = run.output.split(separator: "\n").filter { $0.contains(" - ") }
        #expect(lines.count == 1 && lines[0].contains(" - proc "), "\(run)")
        // Repaired, and a leak is left.
        #expect(run.status == 3, "\(run)")
        #expect(Checker().check(try ImageFile(path: image)).corruptions == 0, "\(run)")
    }

    private static func writeDamagedImage(in directory: String) throws -> RawPath {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 4 << 20
        plan.guestClusters = .firstOfEachTable(4)
        let image = RawPath("\(directory)/disk.qed")
        try ImageWriter(plan).write(to: image)
        try ImageEditor(path: image).writeL2(1 << 40, at: 1, of: 0)
        #expect(Checker().check(try ImageFile(path: image)).corruptions == 1)
        return image
    }

    private static func runInChroot(
        _ root: TemporaryDirectory, _ script: String, _ environment: [String: String]
    ) async throws -> Tool.Result {
        _ = try ProgramCopy.put(try #require(Tool("cat")), inRoot: root.path)
        _ = try root.makeDirectory("proc")
        let begin = """
            mount -t proc none "$ROOT/proc" || exit 99
            inside() { LD_LIBRARY_PATH=/ PATH=/:$PATH chroot $IDENTITY "$ROOT" "$@"; }

            """
        return try await #require(Tool("unshare")).run(
            ["--mount", "--propagation", "private", "sh", "-c", begin + script],
            environment: environment.merging(["ROOT": root.path, "SWIFT_BACKTRACE": "enable=no"]) { $1 })
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
