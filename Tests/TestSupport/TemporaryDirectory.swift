import Foundation

/// A directory that is removed with everything in it when the last reference goes.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "qedscan-test-\(UUID().uuidString)")
        // Whatever the umask: repairs take no store from a directory that others may write.
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        path = url.resolvingSymlinksInPath().path
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("left behind: \(path): \(error)")
        }
    }

    /// The path of a name in the directory.
    public func file(_ name: String = "image.qed") -> String { "\(path)/\(name)" }

    /// All bytes of a file in it.
    public func contents(_ name: String = "image.qed") throws -> Data {
        try Data(contentsOf: URL(filePath: file(name)))
    }

    /// Makes a directory in it and returns its path.
    public func makeDirectory(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
        return file(name)
    }

    /// Writes a file in it and returns its path.
    public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        try Data(bytes).write(to: URL(filePath: file(name)))
        return file(name)
    }
}
