import Glibc

/// The words with which a user runs a program of ours.
public struct UserRun: Sendable {
    /// Before the program's arguments; the last one is the program.
    public let words: [String]
    /// Another user gets a copy: he may not reach the checkout.
    private let copy: ProgramCopy?

    /// - Parameter limit: words to put before the program, as of prlimit(1).
    /// - Returns: nil if no program can be run as that user here.
    public init?(_ tool: Tool, as user: BoundedRun.User, limit: [String] = []) throws {
        guard user != .caller else {
            words = limit + [tool.path]
            copy = nil
            return
        }
        guard geteuid() == 0, let setpriv = Tool("setpriv") else { return nil }
        let copy = try ProgramCopy(tool)
        var identity = ["--reuid=65534", "--regid=65534", "--clear-groups"]
        if user == .nobodyWhoReadsAll {
            identity += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        }
        let rest = identity + limit + [copy.tool.path]
        // All of what will be run, to the last word.
        guard try setpriv.runBlocking(rest + ["version"]).status == 0 else { return nil }
        words = [setpriv.path] + rest
        self.copy = copy
    }

    public func run(_ arguments: [String], _ environment: [String: String]) async throws -> Tool.Result {
        guard let first = words.first, let tool = Tool(first) else { throw NoProgram() }
        return try await tool.run(words.dropFirst() + arguments, environment: environment)
    }

    private struct NoProgram: Error {}
}
