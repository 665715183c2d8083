import Foundation
import TestSupport
import Testing

/// What `make install` puts below a temporary directory, with the program of this build.
final class Installation: Sendable {
    let directory: TemporaryDirectory
    /// The directory is the prefix, so that the paths in the units are those of files that are there.
    var prefix: String { directory.path }

    init() async throws {
        directory = try TemporaryDirectory()
        let prefix = directory.path
        try await Installation.install(["PREFIX": prefix, "SYSCONFDIR": "\(prefix)/etc"])
    }

    static func install(_ variables: [String: String]) async throws {
        let program = try #require(Tool.built("qedscan"), "the program is not built")
        let script = try #require(Tool(Checkout.url("packaging/install.sh").path))
        let programs = URL(filePath: program.path).deletingLastPathComponent().path
        let result = try await script.run([programs], environment: variables)
        try #require(result.status == 0, "\(result.errors)")
    }

    func file(_ name: String) -> String { "\(prefix)/\(name)" }

    func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    func tool(_ name: String) throws -> Tool { try #require(Tool(file(name)), "\(name) is not there") }

    /// All files in it, by their paths from the prefix.
    func files() throws -> [String] { try Installation.files(in: prefix) }

    static func files(in directory: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: directory).filter { name in
            var isDirectory: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(directory)/\(name)", isDirectory: &isDirectory)
                && !isDirectory.boolValue
        }.sorted()
    }

    /// An instance of a template unit as a separate file: `systemd-analyze` wants one.
    func instance(_ template: String, of pool: String = "pool") throws -> String {
        let units = file("lib/systemd/system")
        let path = "\(units)/" + template.replacingOccurrences(of: "@.", with: "@\(pool).")
        try text("lib/systemd/system/\(template)").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
}
