import Files
import Glibc

/// Makes directories as they are needed.
struct DirectoryTree {
    private let root: RawPath
    private var made: Set<String> = []

    /// Makes the root, and the directories above it that are missing.
    init(root: String) throws(LabError) {
        self.root = RawPath(root)
        var path = root.hasPrefix("/") ? "/" : ""
        for part in root.split(separator: "/") {
            path += (path.isEmpty || path.hasSuffix("/") ? "" : "/") + part
            try DirectoryTree.make(RawPath(path))
        }
    }

    /// The path of a file in the tree; its directory exists then.
    mutating func path(of relativePath: String) throws(LabError) -> RawPath {
        var parent = ""
        for part in relativePath.split(separator: "/").dropLast() {
            parent += (parent.isEmpty ? "" : "/") + part
            if made.insert(parent).inserted { try DirectoryTree.make(root.appending(Array(parent.utf8))) }
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
