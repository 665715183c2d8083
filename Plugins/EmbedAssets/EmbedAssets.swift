import Foundation
import PackagePlugin

/// Turns the files of a target's directories `migrations`, `page` and `reports` into one generated Swift file.
///
/// `migrations` and `reports` are links inside the target to directories of the package, and every path goes through the link:
/// SwiftPM watches the contents of a target's directory, so an added or removed file starts a new build.
@main
struct EmbedAssets: BuildToolPlugin {
    /// The directories, each with the suffixes of its files.
    private static let groups = [
        ("migrations", [".sql"]), ("page", [".css", ".js"]), ("reports", [".sql"]),
    ]

    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedAssets.swift")
        var arguments = [output.path(percentEncoded: false)]
        var inputs: [URL] = []
        for (group, suffixes) in Self.groups {
            let files = try files(
                in: target.directoryURL.appending(path: group, directoryHint: .isDirectory), suffixes: suffixes)
            arguments.append("--group=\(group)")
            arguments += files.map { $0.path(percentEncoded: false) }
            inputs += files
        }
        return [
            .buildCommand(
                displayName: "Embedding migrations, page and reports",
                executable: try context.tool(named: "embed-assets").url,
                arguments: arguments,
                inputFiles: inputs,
                outputFiles: [output]
            )
        ]
    }

    private func files(in directory: URL, suffixes: [String]) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false))
            .filter { name in suffixes.contains(where: name.hasSuffix) && !name.hasPrefix(".") }
            .sorted()
            .map { directory.appending(path: $0, directoryHint: .notDirectory) }
    }
}
