import CSystem
import Files
import Glibc

/// Directories made to bring a scan down. Each has at least one sound image that a scan must find all the same.
package enum HostileTree: String, CaseIterable, Sendable {
    case deepNesting = "deep-nesting"
    case deepBranches = "deep-branches"
    case manyNames = "many-names"
    case linkedDirectories = "linked-directories"
    case backingChain = "backing-chain"
    case closedDirectory = "closed-directory"

    /// What it is, in one line.
    package var summary: String {
        switch self {
        case .deepNesting: "an image \(HostileTree.depth) directories down, where no path leads: it would be too long"
        case .deepBranches: "\(HostileTree.branches) directories in each other, with two names in each"
        case .manyNames: "a directory of \(HostileTree.names) names"
        case .linkedDirectories: "directories with links to themselves and to each other"
        case .backingChain: "\(HostileTree.chainLength) overlays, each over the next"
        case .closedDirectory: "a directory that only root may read"
        }
    }

    /// Directories in each other.
    package static let depth = 40
    package static let branches = 600
    package static let names = 5000
    package static let chainLength = 200
    private static let longName = [UInt8](repeating: UInt8(ascii: "d"), count: 200)

    /// Makes it in a directory, and the directory if need be.
    package func write(in directory: String) throws(LabError) {
        let root = "\(directory)/\(rawValue)"
        _ = try DirectoryTree(root: root)
        switch self {
        case .deepNesting:
            try Nest(root: RawPath(root), name: HostileTree.longName).descend(HostileTree.depth, sibling: nil)
        case .deepBranches:
            try Nest(root: RawPath(root), name: Array("a".utf8)).descend(HostileTree.branches, sibling: Array("b".utf8))
        case .manyNames:
            for number in 0..<HostileTree.names { _ = try LabFile(creating: RawPath("\(root)/\(number).qed")) }
            try HostileTree.writeImage(to: RawPath("\(root)/image.qed"))
        case .linkedDirectories:
            for (name, target) in [("self", "."), ("up", ".."), ("one", "two"), ("two", "one"), ("root", "/")] {
                let path = RawPath("\(root)/\(name)")
                try labCall("symlink", path) { path.withCString { symlink(target, $0) } }
            }
            try HostileTree.writeImage(to: RawPath("\(root)/image.qed"))
        case .backingChain:
            for number in 0..<HostileTree.chainLength {
                try HostileTree.writeImage(to: RawPath("\(root)/\(number).qed"), backing: "\(number + 1).qed")
            }
            try HostileTree.writeImage(to: RawPath("\(root)/\(HostileTree.chainLength).qed"))
        case .closedDirectory:
            try HostileTree.writeImage(to: RawPath("\(root)/image.qed"))
            try labCall("chmod", RawPath(root)) { chmod(root, 0) }
        }
    }

    /// A sound image of two clusters.
    fileprivate static func writeImage(to path: RawPath, backing: String? = nil) throws(LabError) {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 1 << 20
        plan.guestClusters = .first(0)
        plan.backingFilename = backing
        try ImageWriter(plan).write(to: path)
    }
}

/// Directories in each other, made one from the other.
private struct Nest {
    let root: RawPath
    let name: [UInt8]

    /// - Parameter sibling: an empty directory beside each.
    func descend(_ depth: Int, sibling: [UInt8]?) throws(LabError) {
        let image = root.appending(Array("image.qed".utf8))
        try HostileTree.writeImage(to: image)
        var directory = try open(root.bytes, in: AT_FDCWD)
        defer { close(directory) }
        for _ in 0..<depth {
            for name in [name, sibling].compactMap({ $0 }) {
                try labCall("mkdir", root) { RawPath(bytes: name).withCString { mkdirat(directory, $0, 0o755) } }
            }
            let next = try open(name, in: directory)
            close(directory)
            directory = next
        }
        // Moved there, since no path leads there.
        try labCall("rename", image) { image.withCString { renameat(AT_FDCWD, $0, directory, "image.qed") } }
    }

    private func open(_ name: [UInt8], in directory: Int32) throws(LabError) -> Int32 {
        try labCall("open", root) {
            RawPath(bytes: name).withCString { csystem_openat(directory, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        }
    }
}
