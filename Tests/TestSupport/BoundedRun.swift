import Foundation
import Glibc

/// Runs of a program with limits on memory and time, perhaps as an ordinary user, and what they took.
public struct BoundedRun: Sendable {
    /// Who runs the program.
    public enum User: Sendable, CaseIterable {
        case caller, nobody
        /// nobody, with the capability to read all files: what the scan's unit has.
        case nobodyWhoReadsAll
    }

    public struct Outcome: Sendable {
        public let result: Tool.Result
        /// Bytes of resident memory at most, by the kernel's accounting.
        public let peak: Int
    }

    /// Bytes of address space: what runs away ends at once. A sanitizer's shadow needs all of it.
    private static let addressSpace = 3 << 30
    /// Seconds; no run of a test comes near.
    private static let patience = 900

    private let measure: Tool
    private let prefix: [String]
    private let program: UserRun

    /// - Parameter group: a file of processes of a control group, to run in that.
    /// - Returns: nil if no program can be run as that user, or measured, here.
    public init?(_ tool: Tool, user: User = .caller, group: String? = nil) throws {
        guard let measure = Tool.built("qedlab"), Tool("timeout") != nil, Tool("prlimit") != nil else { return nil }
        self.measure = measure
        let join = group.map { ["sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", $0] } ?? []
        let limit = Sanitizer.isOn ? [] : ["prlimit", "--core=0", "--as=\(BoundedRun.addressSpace)"]
        guard let program = try UserRun(tool, as: user, limit: limit) else { return nil }
        self.program = program
        prefix = ["measure", "--"] + join + ["timeout", "-k", "10", "\(BoundedRun.patience)"] + program.words
    }

    /// Runs the program to its end; -137 or 124 as status stand for a run that did not come to it.
    public func run(_ arguments: [String], _ environment: [String: String]) async throws -> Outcome {
        let run = try await measure.run(prefix + arguments, environment: environment)
        let lines = run.errors.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        guard run.status == 0, let last = lines.last, last.hasPrefix("measure: ") else {
            throw MeasureError(text: run.errors)
        }
        let words = last.split(separator: " ")
        guard words.count == 7, let peak = Int(words[3]), let status = Int32(words[6]) else {
            throw MeasureError(text: last)
        }
        let errors = lines.dropLast().map { $0 + "\n" }.joined()
        return Outcome(
            result: Tool.Result(status: status, output: run.output, errors: errors), peak: peak * 1024)
    }

    private struct MeasureError: Error {
        let text: String
    }
}
