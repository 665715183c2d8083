import CSystem

/// The file system that an open file is on.
package enum FileSystem {
    /// Whether the kernel makes up the files here, so that reading them may have effects or never end.
    package static func isPseudo(descriptor: Int32) -> Bool {
        pseudoMagics.contains(csystem_file_system_type(descriptor))
    }

    private static let pseudoMagics: Set<Int> = [
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
