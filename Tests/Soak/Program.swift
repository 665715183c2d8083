import Foundation
import Glibc
import TestSupport

/// How a run of a program ended.
struct Run: Sendable {
    let words: [String]
    /// The exit status, or minus the number of the signal that ended it.
    let status: Int32
    let output: String
    let errors: String
    let began: Date
    let ended: Date
    /// The signal that it was sent by the soak, whether or not it ended it.
    let sent: Int32?
    /// It took longer than any run may, and was killed for it.
    let hung: Bool

    /// QEMU's words for "somebody else holds a lock".
    var isLocked: Bool { errors.contains("Failed to get") && errors.contains("lock") }

    /// For a report: the command and what it said, not too much of it.
    var account: String {
        "\(words.joined(separator: " "))\n  status \(status)\(sent.map { ", sent signal \($0)" } ?? "")"
            + "\n  out: \(output.suffix(1500))\n  err: \(errors.suffix(1500))"
    }
}

/// A program that the soak runs, with a time that no run of it may exceed.
struct Program: Sendable {
    /// Seconds. Far more than anything here takes, `--wait` included.
    static let limit = 600.0

    let path: String
    /// Where what it prints is kept while it runs.
    let scratch: String

    init(_ tool: Tool, scratch: String) {
        path = tool.path
        self.scratch = scratch
    }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - signal: sent after a number of seconds, unless the program has ended.
    ///   - moment: the seconds count from when this is true first.
    func run(
        _ arguments: [String], signal: (after: Double, number: Int32)? = nil, from moment: () -> Bool = { true }
    ) throws -> Run {
        let process = try RunningProgram(self, arguments)
        process.closeInput()
        let deadline = process.began.addingTimeInterval(Program.limit)
        var sent: Int32?
        var hung = false
        var pause: UInt32 = 500
        var start: Date?
        while process.isRunning {
            if start == nil, moment() { start = .now }
            if let signal, let start, sent == nil, -start.timeIntervalSinceNow >= signal.after {
                process.signal(signal.number)
                sent = signal.number
            }
            if !hung, Date.now > deadline {
                process.signal(SIGKILL)
                hung = true
            }
            usleep(pause)
            pause = min(pause * 2, signal == nil || sent != nil ? 10_000 : 500)
        }
        return try process.end(sent: sent, hung: hung)
    }
}

/// A program that runs, with a pipe to its input and files for what it prints.
final class RunningProgram {
    let began = Date.now
    private let process: ChildProcess
    private let input = Pipe()
    private let words: [String]
    private let files: (output: String, errors: String)

    init(_ program: Program, _ arguments: [String]) throws {
        let name = "\(program.scratch)/\(UUID().uuidString)"
        files = ("\(name).out", "\(name).err")
        words = [program.path] + arguments
        let output = try RunningProgram.create(files.output)
        let errors = try RunningProgram.create(files.errors)
        process = try ChildProcess(
            program.path, arguments, environment: ProcessInfo.processInfo.environment,
            input: input.fileHandleForReading.fileDescriptor, output: output.fileDescriptor,
            errors: errors.fileDescriptor)
        try input.fileHandleForReading.close()
    }

    deinit {
        process.signal(SIGKILL)
        _ = process.wait()
        unlink(files.output)
        unlink(files.errors)
    }

    var isRunning: Bool { process.isRunning }

    func signal(_ number: Int32) { process.signal(number) }

    /// What it has printed so far.
    func output() throws -> String { try RunningProgram.text(files.output) }
    func errors() throws -> String { try RunningProgram.text(files.errors) }

    /// Writes to its input; nothing happens if it has ended.
    func send(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                write(input.fileHandleForWriting.fileDescriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    func closeInput() {
        do {
            try input.fileHandleForWriting.close()
        } catch {
            // It is closed already.
        }
    }

    /// Waits for its end.
    func end(sent: Int32?, hung: Bool = false) throws -> Run {
        let status = process.wait()
        return Run(
            words: words, status: status, output: try output(), errors: try errors(), began: began, ended: .now,
            sent: sent, hung: hung)
    }

    private static func create(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(filePath: path))
        return try FileHandle(forWritingTo: URL(filePath: path))
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }
}
