import Foundation
import TestSupport

/// Many short runs of programs through one shell: starting each from here would cost more than the run itself.
struct ShellBatch {
    /// What one command gave.
    struct Result: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    private static let mark = "== end of command"
    private var script = ""
    private var count = 0

    /// Appends a command. A name without a slash is found in PATH.
    mutating func add(_ command: [String]) {
        script += command.map(ShellBatch.quoted).joined(separator: " ") + "\n"
        script += "printf '\(ShellBatch.mark) %d\\n' $?; echo '\(ShellBatch.mark)' >&2\n"
        count += 1
    }

    /// Runs the commands one after the other in a directory, without blocking the caller's thread. A crash leaves no core
    /// dump.
    func run(in directory: String) async throws -> [Result] {
        guard count > 0, let shell = Tool("sh") else { return [] }
        let scriptDirectory = try TemporaryDirectory()
        let start = "ulimit -c 0; cd \(ShellBatch.quoted(directory)) || exit\n"
        let file = try scriptDirectory.write((start + script).utf8, to: "script")
        let run = try await shell.run([file])
        let outputs = ShellBatch.parts(run.output)
        let errors = ShellBatch.parts(run.errors)
        guard outputs.count == count, errors.count == count else {
            throw BatchError(reason: "\(outputs.count) of \(count) commands ended: \(run.errors.suffix(500))")
        }
        return zip(outputs, errors).map { output, error in
            Result(status: Int32(output.after) ?? -1, output: output.text, errors: error.text)
        }
    }

    /// The text of each command, and what follows the mark at its end.
    private static func parts(_ text: String) -> [(text: String, after: String)] {
        text.components(separatedBy: mark).reduce(into: [(text: String, after: String)]()) { parts, piece in
            // A piece begins with the rest of the line of the mark before it.
            let line = piece.prefix { $0 != "\n" }
            if !parts.isEmpty { parts[parts.count - 1].after = line.trimmingCharacters(in: .whitespaces) }
            let rest = parts.isEmpty ? piece[...] : piece.dropFirst(line.count + 1)
            parts.append((String(rest), ""))
        }.dropLast()
    }

    private static func quoted(_ word: String) -> String {
        "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}

/// A shell that did not do what it was told.
struct BatchError: Error {
    let reason: String
}

extension ShellBatch {
    /// Runs a few commands in a directory.
    @discardableResult
    static func run(_ commands: [[String]], in directory: String) async throws -> [Result] {
        var batch = ShellBatch()
        for command in commands { batch.add(command) }
        return try await batch.run(in: directory)
    }
}
