import Foundation
import Glibc

/// strace(1) around a program: it records the calls that touch some files, or makes them fail, wait or kill.
public struct Strace: Sendable {
    /// Not in every sandbox.
    public static let isPossible: Bool = {
        guard let strace = Tool("strace") else { return false }
        do {
            return try strace.runBlocking(["-o", "/dev/null", "true"]).status == 0
        } catch {
            return false
        }
    }()

    private let strace: Tool
    private let tool: Tool
    /// Only calls that name one of these files, or use a descriptor of one, count.
    private let paths: [String]
    private let environment: [String: String]

    /// nil if there is no strace.
    public init?(_ tool: Tool, on paths: [String], environment: [String: String]) {
        guard let strace = Tool("strace") else { return nil }
        self.strace = strace
        self.tool = tool
        self.paths = paths
        self.environment = environment
    }

    /// Runs the program and says how often it made each of the calls.
    public func count(_ calls: [String], _ arguments: [String]) async throws -> (Tool.Result, [String: Int]) {
        let directory = try TemporaryDirectory()
        let log = directory.file("log")
        let result = try await strace.run(
            options(calls, log: log) + [tool.path] + arguments, environment: environment)
        var counts: [String: Int] = [:]
        for line in try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n") {
            let name = String(line.drop { $0 != " " }.drop { $0 == " " }.prefix { $0 != "(" })
            if calls.contains(name) { counts[name, default: 0] += 1 }
        }
        return (result, counts)
    }

    /// Runs the program with a fault at a call, such as `error=EIO:when=3`; the counters are those of a thread. A fault
    /// that kills the program gives -9.
    public func run(
        _ arguments: [String], injecting fault: String, into call: String
    ) async throws -> Tool.Result {
        let inject = ["-e", "inject=\(call):\(fault)"]
        return try await strace.run(
            options([call], log: "/dev/null") + inject + [tool.path] + arguments, environment: environment)
    }

    /// Starts the program with a fault, such as `delay_enter=100000`. The process is the program itself.
    public func start(_ arguments: [String], injecting fault: String, into call: String) throws -> RunningTool {
        let inject = ["-e", "inject=\(call):\(fault)"]
        return try strace.start(
            ["-D"] + options([call], log: "/dev/null") + inject + [tool.path] + arguments, environment: environment)
    }

    private func options(_ calls: [String], log: String) -> [String] {
        ["-f", "-qq", "-o", log, "-e", "trace=" + calls.joined(separator: ",")] + paths.flatMap { ["-P", $0] }
    }
}
