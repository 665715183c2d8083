import Foundation
import PackagePlugin

/// Turns the `.sql` files of a target's `migrations` and `reports` folders into one generated Swift file.
///
/// The folders are links inside the target to the package's top-level folders, and every path is named by way of
/// the link: SwiftPM watches what lies inside a target's own folder, so an added or removed file starts a new build.
@main
struct EmbedAssets: BuildToolPlugin {
    private static let groups = ["migrations", "reports"]

    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedAssets.swift")
        var arguments = [output.path(percentEncoded: false)]
        var inputs: [URL] = []
        for group in Self.groups {
            let files = try sqlFiles(in: target.directoryURL.appending(path: group, directoryHint: .isDirectory))
            arguments.append("--group=\(group)")
            arguments += files.map { $0.path(percentEncoded: false) }
            inputs += files
        }
        return [
            .buildCommand(
                displayName: "Embedding migrations and reports",
                executable: try context.tool(named: "embed-assets").url,
                arguments: arguments,
                inputFiles: inputs,
                outputFiles: [output]
            )
        ]
    }

    private func sqlFiles(in folder: URL) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
            .filter { $0.hasSuffix(".sql") && !$0.hasPrefix(".") }
            .sorted()
            .map { folder.appending(path: $0, directoryHint: .notDirectory) }
    }
}
