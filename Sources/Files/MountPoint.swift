import CSystem
import Glibc

/// A mounted file system, as the kernel describes it.
package struct MountPoint: Hashable, Sendable {
    /// The kernel's number of the mount.
    package let id: Int
    /// Where it is mounted; nil if that is outside the root directory.
    package let path: RawPath?
    /// Such as `ext4`, `nfs4`, `fuse.sshfs`.
    package let fileSystem: String
    /// Of the mount and of the file system.
    package let options: [String]

    /// The mount that an open file is on; nil if the system does not say.
    ///
    /// The table has no line for a mount outside the root directory, as for most files after chroot(2).
    package init?(descriptor: Int32) throws(SystemError) {
        let info = try ProcFile.bytes("/proc/thread-self/fdinfo/\(descriptor)")
        let table = MountPoint.parse(try ProcFile.bytes("/proc/thread-self/mountinfo"))
        let id = MountPoint.mountID(in: info)
        let listed = id.flatMap { id in table.first { $0.id == id } }
        guard let mount = listed ?? MountPoint(asking: descriptor) ?? MountPoint(local: descriptor) else { return nil }
        self = mount
    }

    /// Reads a line: `36 35 98:0 /root /mnt rw,noatime shared:1 - ext3 /dev/root rw,errors=continue`. nil if it has
    /// another form.
    package init?(line: ArraySlice<UInt8>) {
        let fields = line.split(separator: UInt8(ascii: " ")).map { Array($0) }
        // Any number of optional fields, and then a dash.
        guard fields.count >= 10, let dash = fields.dropFirst(6).firstIndex(of: [UInt8(ascii: "-")]),
            fields.count >= dash + 4, let id = Int(MountPoint.text(fields[0]))
        else { return nil }
        self.id = id
        path = RawPath(bytes: MountPoint.unescaped(fields[4]))
        fileSystem = MountPoint.text(fields[dash + 1])
        options = [fields[5], fields[dash + 3]].flatMap { MountPoint.text($0).split(separator: ",").map { String($0) } }
    }

    /// Asks for the mount of an open file by number: statmount(2). nil if the kernel does not tell enough.
    package init?(asking descriptor: Int32) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
        defer { buffer.deallocate() }
        var mount = csystem_mount()
        guard csystem_mount_of(descriptor, buffer.baseAddress, buffer.count, &mount) == 0, let type = mount.type else {
            return nil
        }
        self.init(
            id: Int(truncatingIfNeeded: mount.id),
            path: mount.point.map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) } ?? [],
            type: String(cString: type), subtype: mount.subtype.map { String(cString: $0) } ?? "",
            options: mount.options.map { String(cString: $0) })
    }

    /// Makes a mount of what statmount(2) says. nil if it is of a network and its options are not known: they may keep
    /// locks on this host.
    package init?(id: Int, path: [UInt8], type: String, subtype: String, options: String?) {
        self.id = id
        self.path = path.isEmpty ? nil : RawPath(bytes: path)
        fileSystem = subtype.isEmpty ? type : "\(type).\(subtype)"
        self.options = options.map { $0.split(separator: ",").map { String($0) } } ?? []
        if options == nil, isNetwork { return nil }
    }

    /// The mount of an open file, if the type of the file system says that no other host has it: fstatfs(2).
    package init?(local descriptor: Int32) {
        guard let name = FileSystem(descriptor: descriptor).localName else { return nil }
        self.init(id: 0, path: [], type: name, subtype: "", options: nil)
    }

    /// All mounts of a table; lines of another form are skipped.
    package static func parse(_ table: [UInt8]) -> [MountPoint] {
        table.split(separator: UInt8(ascii: "\n")).compactMap { MountPoint(line: $0) }
    }

    /// The number in the line `mnt_id:` of a file in /proc/thread-self/fdinfo.
    static func mountID(in info: [UInt8]) -> Int? {
        let name = "mnt_id:"
        let lines = text(info).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix(name) }) else { return nil }
        return Int(line.dropFirst(name.count).drop { $0 == " " || $0 == "\t" })
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The bytes with escapes such as `\040`, three octal digits, replaced by the bytes that they stand for.
    private static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            let digits = text(Array(rest.prefix(3)))
            if byte == UInt8(ascii: "\\"), digits.utf8.count == 3, let value = UInt8(digits, radix: 8) {
                result.append(value)
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}

extension MountPoint {
    private static let networkFileSystems: Set<String> = [
        "9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "fuse", "gfs", "gfs2", "glusterfs", "gpfs", "lustre",
        "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "prl_fs", "pvfs2", "smb3", "smbfs", "vboxsf", "virtiofs",
        "vmhgfs",
    ]

    /// Whether other hosts may use the files, too. A file system in user space may be of any kind.
    package var isNetwork: Bool {
        MountPoint.networkFileSystems.contains(fileSystem) || fileSystem.hasPrefix("fuse.")
    }

    /// Whether a lease needs one from the server first. EAGAIN then does not mean that another program has the file
    /// open.
    package var needsServerForLease: Bool { ["nfs", "nfs4", "cifs", "smb3"].contains(fileSystem) }

    /// The mount option that keeps locks on this host; nil if there is none.
    package var localLockOption: String? {
        let localOptions: [String] =
            switch fileSystem {
            case "nfs", "nfs4": ["nolock", "local_lock=all", "local_lock=posix"]
            case "cifs", "smb3": ["nobrl"]
            case "gfs2": ["localflocks", "lockproto=lock_nolock"]
            case "lustre": ["localflock"]
            case "afs": ["flock=local"]
            default: []
            }
        return options.first(where: localOptions.contains)
    }
}
