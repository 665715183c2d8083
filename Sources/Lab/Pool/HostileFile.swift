import QED

/// Files made to bring a scan down: images that cost far more to check than to store, and things that only look like
/// images. None takes more than 64 MiB of disk.
package enum HostileFile: String, CaseIterable, Sendable {
    // Images.
    case fullL1OfHoles = "full-l1-of-holes"
    case l1OnItself = "l1-on-itself"
    case hugeSparse = "huge-sparse"
    case scattered = "scattered"
    case overlappingTables = "overlapping-tables"
    case oneSharedCluster = "one-shared-cluster"
    case alternatingOwners = "alternating-owners"
    case sparseTables = "sparse-tables"
    case garbage = "garbage"
    case giantTables = "giant-tables"

    // Things that are no regular files.
    case fifo, socket, directory
    case symlinkLoop = "symlink-loop"
    case danglingSymlink = "dangling-symlink"

    // Sound images with unpleasant names.
    case nameWithNewline = "name-with-newline"
    case nameWithEscape = "name-with-escape"
    case nameNotUTF8 = "name-not-utf-8"
    case nameLikeOption = "name-like-option"
    case nameOf255Bytes = "name-of-255-bytes"

    /// What it is, in one line.
    package var summary: String {
        switch self {
        case .fullL1OfHoles: "an L1 table of 2 million L2 tables of 16 MiB, all holes, in at most 8 EiB"
        case .l1OnItself: "2 million L1 entries that point to the L1 table"
        case .hugeSparse: "a small image in a file of 8 EiB, or as large as the file system allows"
        case .scattered: "2 million clusters of 4 KiB, scattered over 16 TiB"
        case .overlappingTables: "8192 L2 tables, each one cluster into the one before"
        case .oneSharedCluster: "4 million entries that share one cluster"
        case .alternatingOwners: "runs of shared clusters whose owners alternate"
        case .sparseTables: "L2 tables with 4 KiB of data in each 256 KiB"
        case .garbage: "random bytes after a good header"
        case .giantTables: "tables of 1 GiB with three entries each"
        case .fifo: "a FIFO"
        case .socket: "a socket"
        case .directory: "a directory named as an image"
        case .symlinkLoop: "a symbolic link to itself"
        case .danglingSymlink: "a symbolic link to nothing"
        case .nameWithNewline: "a newline in the name"
        case .nameWithEscape: "terminal control codes in the name"
        case .nameNotUTF8: "a name that is not UTF-8"
        case .nameLikeOption: "a name that begins with a dash"
        case .nameOf255Bytes: "the longest name there is"
        }
    }

    /// The name in its directory, as bytes.
    package var fileName: [UInt8] {
        switch self {
        case .nameWithNewline: Array("new\nline.qed".utf8)
        case .nameWithEscape: Array("\u{1B}[31mred\u{1B}[2J.qed".utf8)
        case .nameNotUTF8: [0xFF, 0xC3, 0x28, 0xED, 0xA0, 0x80] + Array(".qed".utf8)
        case .nameLikeOption: Array("-rf.qed".utf8)
        case .nameOf255Bytes: [UInt8](repeating: UInt8(ascii: "n"), count: 251) + Array(".qed".utf8)
        default: Array("\(rawValue).qed".utf8)
        }
    }

    /// Whether it is an image, good or bad, rather than something else.
    package var isImage: Bool {
        switch self {
        case .fifo, .socket, .directory, .symlinkLoop, .danglingSymlink: false
        default: true
        }
    }

    /// Makes the file in a directory, and the directory if need be. Returns its path.
    @discardableResult
    package func write(in directory: String) throws(LabError) -> RawPath {
        _ = try DirectoryTree(root: directory)
        let path = RawPath(directory).appending(fileName)
        if !isImage {
            try makeNode(at: path)
        } else if fileName == Array("\(rawValue).qed".utf8) {
            try writeImage(to: path)
        } else {
            var plan = ImagePlan()
            plan.guestClusters = .first(4)
            try ImageWriter(plan).write(to: path)
        }
        return path
    }
}
