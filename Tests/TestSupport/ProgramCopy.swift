import Foundation

/// A copy of a program of ours and its libraries, in a directory that every user may enter, as the checkout's need not be.
///
/// It is removed with the last reference.
public final class ProgramCopy: Sendable {
    public let tool: Tool
    private let directory: TemporaryDirectory

    public init(_ original: Tool) throws {
        directory = try TemporaryDirectory()
        tool = try ProgramCopy.put(original, in: directory.path, libraries: { !ProgramCopy.isSystem($0) })
    }

    /// Makes an empty directory a root directory in which a program of ours runs: with all its libraries, beside it.
    ///
    /// - Returns: the path of the program in there.
    public static func put(_ original: Tool, inRoot root: String) throws -> String {
        let copy = try put(original, in: root, libraries: { _ in true })
        for loader in try dependencies(original) where loader.contains("/ld-") {
            let target = root + loader
            guard !FileManager.default.fileExists(atPath: target) else { continue }
            try FileManager.default.createDirectory(
                atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try copyFile(loader, to: target)
        }
        return "/" + (copy.path as NSString).lastPathComponent
    }

    private static func put(
        _ original: Tool, in directory: String, libraries isNeeded: (String) -> Bool
    ) throws -> Tool {
        for path in [original.path] + (try dependencies(original)).filter(isNeeded) {
            let target = "\(directory)/\((path as NSString).lastPathComponent)"
            guard !FileManager.default.fileExists(atPath: target) else { continue }
            try copyFile(path, to: target)
        }
        let path = "\(directory)/\((original.path as NSString).lastPathComponent)"
        guard let copy = Tool(path) else { throw CopyError(path: path) }
        return copy
    }

    private static func copyFile(_ path: String, to target: String) throws {
        try FileManager.default.copyItem(
            at: URL(filePath: path).resolvingSymlinksInPath(), to: URL(filePath: target))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: target)
    }

    private static func isSystem(_ library: String) -> Bool {
        ["/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/"].contains { library.hasPrefix($0) }
    }

    /// The libraries that a program is started with, by ldd(1): `libx.so.1 => /path/libx.so.1 (0x…)`.
    private static func dependencies(_ tool: Tool) throws -> [String] {
        guard let ldd = Tool("ldd") else { throw CopyError(path: "ldd") }
        let lines = try ldd.runBlocking([tool.path]).output.split(separator: "\n")
        return lines.compactMap { line in
            line.split { $0 == " " || $0 == "\t" }.first { $0.hasPrefix("/") }.map(String.init)
        }
    }

    private struct CopyError: Error {
        let path: String
    }
}
