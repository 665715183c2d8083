import Files
import Glibc

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

    // Images that lie in the header.
    case largestClaims = "largest-claims"
    case everyBit = "every-bit"
    case magicAlone = "magic-alone"

    // Sound images with unpleasant names of backing files.
    case backingItself = "backing-itself"
    case backingLoop = "backing-loop"
    case backingLoopBack = "backing-loop-back"
    case backingFIFO = "backing-fifo"
    case backingSocket = "backing-socket"
    case backingDirectory = "backing-directory"
    case backingZeros = "backing-zeros"
    case backingDevice = "backing-device"
    case backingJSON = "backing-json"
    case backingNetwork = "backing-network"
    case backingKernel = "backing-kernel"
    case backingDescriptor = "backing-descriptor"
    case backingLongest = "backing-longest"
    case backingClosed = "backing-closed"
    case backingLinkLoop = "backing-link-loop"
    case backingGarbage = "backing-garbage"

    // Sound, and not to be read but by root.
    case closed

    // Things that are no regular files.
    case fifo, socket, directory
    case blockDevice = "block-device"
    case characterDevice = "character-device"
    case symlinkLoop = "symlink-loop"
    case danglingSymlink = "dangling-symlink"
    case symlinkToDevice = "symlink-to-device"

    // Sound images with unpleasant names.
    case nameWithNewline = "name-with-newline"
    case nameWithEscape = "name-with-escape"
    case nameNotUTF8 = "name-not-utf-8"
    case nameLikeOption = "name-like-option"
    case nameOf255Bytes = "name-of-255-bytes"
    case nameRightToLeft = "name-right-to-left"
    case nameZeroWidth = "name-zero-width"
    case nameLikeProtocol = "name-like-protocol"
    case nameLikeMarkup = "name-like-markup"
    case nameLikeStatement = "name-like-statement"

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
        case .largestClaims: "a guest of 2^63 bytes, and entries at the end of 64 bits"
        case .everyBit: "every bit of the header is set, but the magic number's"
        case .magicAlone: "the magic number and no more"
        case .backingItself: "an overlay over itself"
        case .backingLoop, .backingLoopBack: "one of two overlays over each other"
        case .backingFIFO: "an overlay over a FIFO"
        case .backingSocket: "an overlay over a socket"
        case .backingDirectory: "an overlay over a directory"
        case .backingZeros: "an overlay over /dev/zero"
        case .backingDevice: "an overlay over a device of the pool's own"
        case .backingJSON: "an overlay over json:"
        case .backingNetwork: "an overlay over nbd://"
        case .backingKernel: "an overlay over /proc/self/mem"
        case .backingDescriptor: "an overlay over the scan's own standard input"
        case .backingLongest: "an overlay with a name of 4095 bytes"
        case .backingClosed: "an overlay over a file that only root may read"
        case .backingLinkLoop: "an overlay over a symbolic link to itself"
        case .backingGarbage: "an overlay over bytes that are no name"
        case .closed: "an image of mode 000"
        case .fifo: "a FIFO"
        case .socket: "a socket"
        case .directory: "a directory named as an image"
        case .blockDevice: "a block device, as root"
        case .characterDevice: "a character device, as root"
        case .symlinkLoop: "a symbolic link to itself"
        case .danglingSymlink: "a symbolic link to nothing"
        case .symlinkToDevice: "a symbolic link to /dev/zero"
        case .nameWithNewline: "a newline in the name"
        case .nameWithEscape: "terminal control codes in the name"
        case .nameNotUTF8: "a name that is not UTF-8"
        case .nameLikeOption: "a name that begins with a dash"
        case .nameOf255Bytes: "the longest name there is"
        case .nameRightToLeft: "a name that passes for another by marks that turn it round"
        case .nameZeroWidth: "a name with characters that have no width"
        case .nameLikeProtocol: "a name that QEMU takes for a protocol's"
        case .nameLikeMarkup: "a name that is a script for a browser"
        case .nameLikeStatement: "a name that is a formula, and ends an SQL text"
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
        case .nameRightToLeft: Array("\u{202E}gpj.\u{2066}deq.qed".utf8)
        case .nameZeroWidth: Array("disk\u{200B}\u{FEFF}\u{2060}.qed".utf8)
        case .nameLikeProtocol: Array("nbd:localhost:10809.qed".utf8)
        case .nameLikeMarkup: Array("<img src=x onerror=alert(1)>&amp;.qed".utf8)
        case .nameLikeStatement: Array("=cmd|'';DROP TABLE image;--.qed".utf8)
        default: Array("\(rawValue).qed".utf8)
        }
    }

    /// Whether it is an image, good or bad, rather than something else.
    package var isImage: Bool { FileKind(self) != .node }

    /// Whether only root can make it.
    package var isDevice: Bool { self == .blockDevice || self == .characterDevice }

    /// How large the images are that take long to check.
    package enum Scale: Sendable {
        case full
        /// Smaller, for tests of a build that is not optimized.
        case quick
    }

    /// Makes the file in a directory, and the directory if need be; a device only where that is allowed. Returns its path.
    @discardableResult
    package func write(in directory: String, scale: Scale = .full) throws(LabError) -> RawPath {
        _ = try DirectoryTree(root: directory)
        let path = RawPath(directory).appending(fileName)
        switch FileKind(self) {
        case .node: try makeNode(at: path)
        case .bytes: try writeImage(to: path, scale)
        case .sound(let backing): try writeSound(to: path, backing: backing)
        }
        return path
    }

    /// How a file is made.
    private enum FileKind: Equatable {
        case node, bytes
        case sound(backing: String?)

        init(_ file: HostileFile) {
            self =
                switch file {
                case .fifo, .socket, .directory, .blockDevice, .characterDevice, .symlinkLoop, .danglingSymlink,
                    .symlinkToDevice:
                    .node
                case .nameWithNewline, .nameWithEscape, .nameNotUTF8, .nameLikeOption, .nameOf255Bytes,
                    .nameRightToLeft,
                    .nameZeroWidth, .nameLikeProtocol, .nameLikeMarkup, .nameLikeStatement, .closed:
                    .sound(backing: nil)
                default: file.backingName.map { .sound(backing: $0) } ?? .bytes
                }
        }
    }

    private var backingName: String? {
        switch self {
        case .backingItself: "backing-itself.qed"
        case .backingLoop: "backing-loop-back.qed"
        case .backingLoopBack: "backing-loop.qed"
        case .backingFIFO: "fifo.qed"
        case .backingSocket: "socket.qed"
        case .backingDirectory: "directory.qed"
        case .backingZeros: "/dev/zero"
        case .backingDevice: "character-device.qed"
        case .backingJSON: "json:{\"driver\":\"qed\",\"file\":{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}}"
        case .backingNetwork: "nbd://192.0.2.1/disk"
        case .backingKernel: "/proc/self/mem"
        case .backingDescriptor: "/proc/self/fd/0"
        case .backingLongest: String(repeating: "x/", count: 2047) + "x"
        case .backingClosed: "closed.qed"
        case .backingLinkLoop: "symlink-loop.qed"
        case .backingGarbage: "\u{1B}]0;x\u{7}\n\u{202E}<script>.qed"
        default: nil
        }
    }

    private func writeSound(to path: RawPath, backing: String?) throws(LabError) {
        var plan = ImagePlan()
        plan.guestClusters = .first(4)
        plan.backingFilename = backing
        try ImageWriter(plan).write(to: path)
        if self == .closed { try labCall("chmod", path) { path.withCString { chmod($0, 0) } } }
    }
}
