import Dispatch
import Foundation
import Glibc

/// A program outside the tests: QEMU's tools, strace, or ours.
public struct Tool: Sendable {
    public let path: String

    /// The program at a path, or found by its name in PATH; nil if there is none.
    public init?(_ name: String) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let candidates = name.contains("/") ? [name] : folders.map { "\($0)/\(name)" }
        guard let path = candidates.first(where: { access($0, X_OK) == 0 }) else { return nil }
        self.path = path
    }

    /// Our own program, from the build that the tests belong to.
    public static func built(_ name: String) -> Tool? {
        var folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        for _ in 0..<4 {
            if let tool = Tool(folder.appending(path: name).path) { return tool }
            folder.deleteLastPathComponent()
        }
        return nil
    }

    /// What a run gave.
    public struct Result: Sendable {
        /// The exit status, or minus the number of the signal that ended it.
        public let status: Int32
        public let output: String
        public let errors: String
    }

    /// Runs the program to its end, on a thread of its own: other tests go on meanwhile.
    public func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "Tool.run").async {
                continuation.resume(with: Swift.Result { try runBlocking(arguments, environment, input) })
            }
        }
    }

    /// Starts the program and returns at once. Its input is a pipe.
    public func start(_ arguments: [String], environment: [String: String] = [:]) throws -> RunningTool {
        try RunningTool(self, arguments, environment)
    }

    private func runBlocking(_ arguments: [String], _ environment: [String: String], _ input: String) throws -> Result {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let folder = try TemporaryFolder()
        // Files, not pipes: a program that prints much does not wait for us.
        let (output, errors) = (try Tool.newFile(folder.file("out")), try Tool.newFile(folder.file("err")))
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: folder.write(input.utf8, to: "in")))
        try Tool.runWithSignals(process)
        process.waitUntilExit()
        return Result(
            status: process.terminationReason == .uncaughtSignal
                ? -process.terminationStatus : process.terminationStatus,
            output: try Tool.text(folder.file("out")), errors: try Tool.text(folder.file("err")))
    }

    /// Starts a process that takes signals: Dispatch's threads block them, and a child inherits that.
    static func runWithSignals(_ process: Process) throws {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
    }

    static func newFile(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(filePath: path))
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }
}

/// A program that was started.
/// `@unchecked Sendable`: `process` is made in `init` and only asked or signalled afterwards.
public final class RunningTool: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()
    private let folder: TemporaryFolder

    init(_ tool: Tool, _ arguments: [String], _ environment: [String: String]) throws {
        folder = try TemporaryFolder()
        process.executableURL = URL(filePath: tool.path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = input
        process.standardOutput = try Tool.newFile(folder.file("out"))
        process.standardError = try Tool.newFile(folder.file("err"))
        try Tool.runWithSignals(process)
    }

    deinit { stop() }

    public var processIdentifier: pid_t { process.processIdentifier }
    public var isRunning: Bool { process.isRunning }

    /// What it has printed so far.
    public func output() throws -> String { try Tool.text(folder.file("out")) }
    public func errors() throws -> String { try Tool.text(folder.file("err")) }

    /// Writes to its standard input.
    public func send(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    /// Ends it with a signal and waits until it is gone.
    public func stop(_ signal: Int32 = SIGKILL) {
        guard process.isRunning else { return }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
    }

    /// Waits for its end and returns the exit status, or minus the signal that ended it.
    public func wait() async -> Int32 {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "RunningTool.wait").async { [process] in
                process.waitUntilExit()
                let status = process.terminationStatus
                continuation.resume(returning: process.terminationReason == .uncaughtSignal ? -status : status)
            }
        }
    }
}

/// Asks again and again until something is so; false if it is not within the time.
public func eventually(within seconds: Double = 10, _ condition: () throws -> Bool) async throws -> Bool {
    let deadline = Date.now.addingTimeInterval(seconds)
    while try !condition() {
        guard Date.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(10))
    }
    return true
}
