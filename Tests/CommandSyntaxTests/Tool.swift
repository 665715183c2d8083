import Foundation
import TestSupport

extension Tool {
    /// Runs a tool that checks what was generated on a file that holds `text`; returns all that it printed, and its
    /// exit status.
    func run(_ arguments: [String], on text: String) throws -> (output: String, status: Int32) {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Array(text.utf8), to: "input")
        let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": directory.path]
        let result = try runBlocking(arguments + [file], environment)
        return (result.output + result.errors, result.status)
    }
}
