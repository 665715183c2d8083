import CSystem

/// What kind of file system an open file is on.
package struct FileSystem: Hashable, Sendable {
    /// `f_type` of statfs(2); -1 if it is not known.
    private let type: Int

    /// fstatfs(2).
    package init(descriptor: Int32) { type = csystem_file_system_type(descriptor) }

    /// Whether it is a pseudo file system, such as /proc: reading its files may have effects or never end.
    package var isPseudo: Bool { FileSystem.pseudoTypes.contains(type) }

    /// Whether files change only through this kernel, so that it always knows their state. An overlay is not local: the
    /// file systems below it may be of any kind.
    package var isLocal: Bool { localName != nil }

    /// What a local file system is called; nil for all others.
    package var localName: String? { FileSystem.localTypes[type] }

    private static let localTypes: [Int: String] = [
        0xef53: "ext4",  // or ext2, ext3
        0x5846_5342: "xfs",
        0x9123_683e: "btrfs",
        0xf2f5_2010: "f2fs",
        0x2fc1_2fc1: "zfs",
        0x0102_1994: "tmpfs",
    ]

    private static let pseudoTypes: Set<Int> = [
        0x9fa0,  // proc
        0x6265_6572,  // sysfs
        0x6462_6720,  // debugfs
        0x7472_6163,  // tracefs
        0x0027_e0eb, 0x6367_7270,  // cgroup, cgroup2
        0x7363_6673,  // securityfs
        0x6165_676c,  // pstore
        0xcafe_4a11,  // bpf
        0x6265_6570,  // configfs
        0x1cd1,  // devpts
        0x1980_0202,  // mqueue
        0x9584_58f6,  // hugetlbfs
    ]
}
