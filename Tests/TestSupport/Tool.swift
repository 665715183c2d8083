import Dispatch
import Foundation
import Glibc

/// A program outside the tests: QEMU's tools, strace, or ours.
public struct Tool: Sendable {
    public let path: String

    /// The program at a path, or found by its name in PATH; nil if there is none.
    public init?(_ name: String) {
        let directories = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let candidates = name.contains("/") ? [name] : directories.map { "\($0)/\(name)" }
        guard let path = candidates.first(where: { access($0, X_OK) == 0 }) else { return nil }
        self.path = path
    }

    /// Our own program, from the build that the tests belong to.
    public static func built(_ name: String) -> Tool? {
        var directory = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        for _ in 0..<4 {
            if let tool = Tool(directory.appending(path: name).path) { return tool }
            directory.deleteLastPathComponent()
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

    /// Runs the program to its end, on its own thread, so that it does not hold up other tests.
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

    /// The same in the caller's thread, which waits.
    public func runBlocking(
        _ arguments: [String], _ environment: [String: String] = [:], _ input: String = ""
    ) throws -> Result {
        let directory = try TemporaryDirectory()
        // Files, not pipes: a program that prints much does not wait for us.
        let (output, errors) = (try Tool.newFile(directory.file("out")), try Tool.newFile(directory.file("err")))
        let inputFile = try FileHandle(forReadingFrom: URL(filePath: directory.write(input.utf8, to: "in")))
        let status = try child(arguments, environment, input: inputFile, output: output, errors: errors).wait()
        return Result(
            status: status, output: try Tool.text(directory.file("out")), errors: try Tool.text(directory.file("err")))
    }

    fileprivate func child(
        _ arguments: [String], _ environment: [String: String], input: FileHandle, output: FileHandle,
        errors: FileHandle
    ) throws -> ChildProcess {
        try ChildProcess(
            path, arguments, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            input: input.fileDescriptor, output: output.fileDescriptor, errors: errors.fileDescriptor)
    }

    fileprivate static func newFile(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(filePath: path))
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    fileprivate static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }
}

/// A program that was started.
public final class RunningTool: Sendable {
    private let process: ChildProcess
    private let input: Pipe
    private let directory: TemporaryDirectory

    init(_ tool: Tool, _ arguments: [String], _ environment: [String: String]) throws {
        directory = try TemporaryDirectory()
        input = Pipe()
        process = try tool.child(
            arguments, environment, input: input.fileHandleForReading, output: try Tool.newFile(directory.file("out")),
            errors: try Tool.newFile(directory.file("err")))
        // Only the program has this end: it notices when ours is closed, and we notice when it has gone.
        try input.fileHandleForReading.close()
    }

    deinit { stop() }

    public var processIdentifier: pid_t { process.processIdentifier }
    public var isRunning: Bool { process.isRunning }

    /// What it has printed so far.
    public func output() throws -> String { try Tool.text(directory.file("out")) }
    public func errors() throws -> String { try Tool.text(directory.file("err")) }

    /// Writes to its standard input.
    public func send(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    /// Ends it with a signal and waits until it is gone.
    public func stop(_ signal: Int32 = SIGKILL) {
        process.signal(signal)
        _ = process.wait()
    }

    /// Resumes a stopped program, however late it stops, and waits for its end as `wait` does.
    public func resume() async -> Int32 {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "RunningTool.resume").async { [process] in
                while process.isRunning {
                    process.signal(SIGCONT)
                    usleep(20_000)
                }
                continuation.resume(returning: process.wait())
            }
        }
    }

    /// Whether qedscan has acted on a SIGINT or SIGTERM: it ignores both until the first has cancelled its work.
    public func hasBeenCancelled(by signal: Int32) throws -> Bool {
        let status = try String(contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)
        let ignored = status.split(separator: "\n").first { $0.hasPrefix("SigIgn:") }
        guard let mask = ignored?.split(separator: "\t").last.flatMap({ UInt64($0, radix: 16) }) else { return false }
        return mask & 1 << UInt64(signal - 1) == 0
    }

    /// Waits for its end in the caller's thread.
    public func waitBlocking() -> Int32 { process.wait() }

    /// Waits for its end and returns the exit status, or minus the signal that ended it.
    public func wait() async -> Int32 {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "RunningTool.wait").async { [process] in continuation.resume(returning: process.wait())
            }
        }
    }
}

/// Asks again and again until something is so; false if it is not within the time.
public func eventually(within seconds: Double = 100, _ condition: () throws -> Bool) async throws -> Bool {
    let deadline = Date.now.addingTimeInterval(seconds)
    while try !condition() {
        guard Date.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(10))
    }
    return true
}
