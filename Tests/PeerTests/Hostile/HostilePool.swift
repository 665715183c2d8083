import Files
import Foundation
import Glibc
import Lab
import QED
import TestSupport

/// Everything hostile in one directory, made once for all tests, and readable for everybody where it is not meant to be
/// closed.
final class HostilePool: Sendable {
    static let shared = Result { try HostilePool() }

    let path: String
    /// Where the scans run: for each test a directory beside the pool.
    let work: String

    private init() throws {
        work =
            FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "qedscan-test-hostile-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: work, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        HostilePool.remove(atExit: work)
        path = "\(work)/pool"
        for file in HostileFile.allCases { try file.write(in: path, scale: .quick) }
        for tree in HostileTree.allCases { try tree.write(in: path) }
    }

    /// A new directory for a store, of the user who is to write it.
    func makeDirectory(ownedBy user: BoundedRun.User = .caller) throws -> String {
        let path = "\(work)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        if user != .caller { chown(path, 65534, 65534) }
        return path
    }

    func has(_ file: HostileFile) -> Bool {
        var status = stat()
        return RawPath(path).appending(file.fileName).withCString { lstat($0, &status) } == 0
    }

    /// Inode, size, times of the last changes, owner and mode of everything in it, by paths: all but the time of the
    /// last access. By find(1), which comes to what no path leads to.
    func state() throws -> [String] {
        guard let find = Tool("find") else { return [] }
        let result = try find.runBlocking([path, "-printf", "%i %s %T@ %C@ %U %m %n %P\\0"])
        return result.output.split(separator: "\0").map(String.init).sorted()
    }

    /// rm(1), since it comes to what no path leads to.
    private static func remove(atExit path: String) {
        paths.append(path)
        atexit {
            for path in HostilePool.paths {
                // For whoever is not root.
                chmod("\(path)/pool/\(HostileTree.closedDirectory.rawValue)", 0o700)
                do {
                    _ = try Tool("rm")?.runBlocking(["-rf", "--", path])
                } catch {
                    print("left behind: \(path): \(error)")
                }
            }
        }
    }

    /// Touched by the one call of `init`, and at the end.
    nonisolated(unsafe) private static var paths: [String] = []
}

/// What a scan is to say of something hostile.
enum HostileVerdict: Equatable {
    case outcome(Outcome)
    /// It cannot be read: the value of `errno`.
    case error(Int32)
    /// It is no image, which goes without saying.
    case nothing

    /// - Parameter readsAll: whether the scan may read every file.
    init(_ file: HostileFile, readsAll: Bool) {
        self =
            switch file {
            // Of the smaller one every table is in the file: nothing is left over.
            case .fullL1OfHoles: .outcome(.clean)
            case .hugeSparse: .outcome(.leaking)
            case .l1OnItself, .overlappingTables, .oneSharedCluster, .alternatingOwners, .garbage, .largestClaims:
                .outcome(.corrupt)
            case .scattered: .outcome(.incomplete)
            case .everyBit: .outcome(.unsupported)
            case .magicAlone: .outcome(.invalid)
            case .closed: readsAll ? .outcome(.clean) : .error(EACCES)
            case .sparseTables, .giantTables, .backingItself, .backingLoop, .backingLoopBack, .backingFIFO,
                .backingSocket,
                .backingDirectory, .backingZeros, .backingDevice, .backingJSON, .backingNetwork, .backingKernel,
                .backingDescriptor, .backingLongest, .backingClosed, .backingLinkLoop, .backingGarbage,
                .nameWithNewline,
                .nameWithEscape, .nameNotUTF8, .nameLikeOption, .nameOf255Bytes, .nameRightToLeft, .nameZeroWidth,
                .nameLikeProtocol, .nameLikeMarkup, .nameLikeStatement:
                .outcome(.clean)
            case .fifo, .socket, .directory, .blockDevice, .characterDevice, .symlinkLoop, .danglingSymlink,
                .symlinkToDevice:
                .nothing
            }
    }

    /// The exit status of `check`, which opens a path that a person has named, as `qemu-img check -f qed` does.
    static func checkStatus(_ file: HostileFile, readsAll: Bool) -> Int32 {
        switch HostileVerdict(file, readsAll: readsAll) {
        case .outcome(.clean): 0
        case .outcome(.corrupt): 2
        case .outcome(.leaking): 3
        default: 1
        }
    }
}
