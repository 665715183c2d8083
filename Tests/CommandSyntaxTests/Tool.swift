import Foundation
import Testing

/// A program of the machine that checks what was generated.
struct Tool: Sendable {
    let path: String

    init(_ name: String) {
        path = "/usr/bin/" + name
    }

    var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// Runs the tool on a file that holds `text`, and returns all it printed and its exit status.
    func run(_ arguments: [String], on text: String) throws -> (output: String, status: Int32) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { remove(directory) }
        let file = directory.appendingPathComponent("input")
        try Data(text.utf8).write(to: file)
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments + [file.path]
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": directory.path]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (output, process.terminationStatus)
    }

    private func remove(_ directory: URL) {
        do { try FileManager.default.removeItem(at: directory) } catch { Issue.record(error) }
    }
}
