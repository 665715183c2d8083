import Files
import Glibc

/// Creates directories when they are needed.
struct DirectoryTree {
    private let root: RawPath
    private var made: Set<RawPath> = []

    /// Creates the root, and missing directories above it.
    init(root: String) throws(LabError) {
        self.root = RawPath(root)
        for directory in self.root.ancestors.map(\.path) + [self.root] { try DirectoryTree.make(directory) }
    }

    /// The path of a file in the tree, after creating its directory.
    mutating func path(of relativePath: String) throws(LabError) -> RawPath {
        for directory in RawPath(relativePath).ancestors.map(\.path) where made.insert(directory).inserted {
            try DirectoryTree.make(root.appending(directory.bytes))
        }
        return root.appending(Array(relativePath.utf8))
    }

    private static func make(_ path: RawPath) throws(LabError) {
        do throws(SystemError) {
            try retryingInterrupted("mkdir") { path.withCString { mkdir($0, 0o755) } }
        } catch {
            guard error.code == EEXIST else { throw LabError(path: path, error) }
        }
    }
}
