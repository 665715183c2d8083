import Dispatch
import Foundation
import Glibc

/// What is to happen to one call of a program, see Tests/FaultShim.
public struct Fault: Sendable, CustomStringConvertible {
    public enum Action: Sendable {
        /// The call fails with an errno.
        case error(Int32)
        /// It reads or writes half of what was asked for.
        case short
        /// The program is killed before it.
        case kill
        /// The program waits before it until the gate is opened.
        case pause
    }

    public let call: String
    /// From 1, over all threads.
    public let number: Int
    /// Whether all that follow fail, too.
    public let isForever: Bool
    public let action: Action

    public init(_ call: String, _ number: Int, isForever: Bool = false, _ action: Action) {
        self.call = call
        self.number = number
        self.isForever = isForever
        self.action = action
    }

    public var description: String { "\(call) \(number)\(isForever ? "+" : "") \(action)" }

    fileprivate var environment: [String: String] {
        var variables = ["QEDSCAN_FAULT_CALL": call, "QEDSCAN_FAULT_AT": String(number)]
        if isForever { variables["QEDSCAN_FAULT_FOREVER"] = "1" }
        variables["QEDSCAN_FAULT_DO"] =
            switch action {
            case .error(let code): String(code)
            case .short: "short"
            case .kill: "kill"
            case .pause: "pause"
            }
        return variables
    }
}

/// A program with the library for faults loaded before all others: its own calls fail, in its own process.
public struct FaultShim: Sendable {
    /// nil if the build has none.
    public static let library: String? = {
        guard let program = Tool.built("qedscan") else { return nil }
        let path = URL(filePath: program.path).deletingLastPathComponent().appending(path: "libFaultShim.so").path
        return access(path, R_OK) == 0 ? path : nil
    }()

    /// Not with a sanitizer, whose own library must come first.
    public static let isPossible: Bool = {
        guard let library, let program = Tool.built("qedscan") else { return false }
        do {
            return try program.runBlocking(["version"], ["LD_PRELOAD": library]).status == 0
        } catch {
            return false
        }
    }()

    private let tool: Tool
    /// Only calls count whose path, or whose descriptor's, begins so; nil for all.
    private let path: String?
    private let environment: [String: String]

    public init(_ tool: Tool, on path: String? = nil, environment: [String: String]) {
        self.tool = tool
        self.path = path
        self.environment = environment
    }

    /// A run that has ended.
    public struct Run: Sendable {
        public let status: Int32
        public let output: String
        public let errors: String
        /// The call that was chosen, with its path; nil if there was none.
        public let fired: String?
        /// How often each call was made; empty if the program was killed.
        public let counts: [String: Int]
        /// Whether it had to be killed for taking longer than any run does.
        public let hung: Bool
    }

    /// Runs the program to its end.
    ///
    /// - Parameter variables: more of the environment, such as those of the clock.
    public func run(_ arguments: [String], _ fault: Fault? = nil, _ variables: [String: String] = [:]) throws -> Run {
        let log = try TemporaryDirectory()
        let running = try start(arguments, fault, variables, log: log.file("log"))
        let end = Date.now.addingTimeInterval(FaultShim.patience)
        var hung = false
        while running.isRunning, !hung {
            usleep(1000)
            hung = Date.now > end
        }
        if hung { running.stop() }
        let status = running.waitBlocking()
        let lines = FileManager.default.fileExists(atPath: log.file("log")) ? try log.contents("log") : Data()
        return FaultShim.run(
            status, running, String(decoding: lines, as: UTF8.self), hung, try running.output(), try running.errors())
    }

    /// Seconds after which a run counts as hung: they take some tenths.
    private static let patience = 180.0

    private static func run(
        _ status: Int32, _ running: RunningTool, _ log: String, _ hung: Bool, _ output: String, _ errors: String
    ) -> Run {
        var (fired, counts): (String?, [String: Int]) = (nil, [:])
        for line in log.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "fired" { fired = String(line.dropFirst(6)) }
            if words.first == "made", words.count == 3 { counts[String(words[1])] = Int(words[2]) }
        }
        return Run(status: status, output: output, errors: errors, fired: fired, counts: counts, hung: hung)
    }

    /// Starts the program with a gate: it stops before a call until the gate is opened.
    ///
    /// - Parameter isForever: whether it stops before each later call too, at a gate with the call's number.
    public func start(
        _ arguments: [String], pausingAt call: String, _ number: Int, isForever: Bool = false
    ) throws -> (RunningTool, Gate) {
        let gate = try Gate(number)
        let fault = Fault(call, number, isForever: isForever, .pause)
        let running = try start(arguments, fault, ["QEDSCAN_FAULT_GATE": gate.path], log: "/dev/null")
        return (running, gate)
    }

    /// The environment of a program whose wall clock is ahead by so many seconds, from its n-th look at it.
    public static func clock(ahead seconds: Int, from look: Int = 1) -> [String: String] {
        ["LD_PRELOAD": library ?? "", "QEDSCAN_FAULT_CLOCK": "\(seconds)", "QEDSCAN_FAULT_CLOCK_AT": "\(look)"]
    }

    private func start(
        _ arguments: [String], _ fault: Fault?, _ variables: [String: String], log: String
    ) throws -> RunningTool {
        var all = environment.merging(fault?.environment ?? [:]) { $1 }.merging(variables) { $1 }
        all["LD_PRELOAD"] = FaultShim.library
        all["QEDSCAN_FAULT_LOG"] = log
        all["QEDSCAN_FAULT_UNDER"] = path
        return try tool.start(arguments, environment: all)
    }

    /// Where a program waits.
    public final class Gate: Sendable {
        private let directory: TemporaryDirectory
        private let number: Int
        fileprivate let path: String

        fileprivate init(_ number: Int) throws {
            directory = try TemporaryDirectory()
            self.number = number
            path = directory.file("gate")
        }

        /// Waits until the program has reached the gate; false if it ended before.
        ///
        /// - Parameter number: that of the call; the first at which the program stops if nil.
        public func isReached(by running: RunningTool, at number: Int? = nil) -> Bool {
            let reached = "\(path).\(number ?? self.number).reached"
            while access(reached, F_OK) != 0 {
                if !running.isRunning { return access(reached, F_OK) == 0 }
                usleep(1000)
            }
            return true
        }

        public func open(at number: Int? = nil) throws {
            _ = try directory.write([], to: "gate.\(number ?? self.number).open")
        }
    }
}
