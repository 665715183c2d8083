import CommandSyntax
import Files
import Glibc

/// `qedlab measure`: runs a command and says what it took, by the kernel's own accounting.
///
/// Not for the caller to ask itself: the peak of a child of a large process begins with what that process has.
struct MeasureCommand {
    static let spec = CommandSpec(
        "measure", summary: "run a command, and say its time, peak memory and status",
        discussion: [
            "The last line of standard error is 'measure: SECONDS s, KIBIBYTES KiB, status STATUS': of the command and "
                + "of all that it has waited for, the memory of the largest. Minus the number of a signal that ended it."
        ],
        operands: [OperandSpec("COMMAND", help: "the command and its arguments, after --", repeating: true)])

    private let words: [[UInt8]]

    init(_ parsed: ParsedCommand) { words = parsed.operands(named: "COMMAND").map(\.bytes) }

    /// Leaves with 0 whatever came of the command, with 8 if it could not be started.
    func run() -> Int32 {
        let start = MeasureCommand.now()
        var child: pid_t = 0
        let code = spawn(&child)
        guard code == 0 else {
            report("qedlab: " + String(cString: strerror(code)))
            return 8
        }
        var (status, usage) = (Int32(0), rusage())
        while wait4(child, &status, 0, &usage) < 0 {
            guard errno == EINTR else { return 8 }
        }
        let signal = status & 0x7F
        let seconds = Double(MeasureCommand.now() - start) / 1e9
        let result = signal == 0 ? (status >> 8) & 0xFF : -signal
        report("measure: \(seconds) s, \(usage.ru_maxrss) KiB, status \(result)")
        return 0
    }

    private func spawn(_ child: inout pid_t) -> Int32 {
        var arguments = words.map { word in RawPath(bytes: word).withCString { strdup($0) } } + [nil]
        defer { for argument in arguments { free(argument) } }
        guard let program = arguments.first ?? nil else { return EINVAL }
        return posix_spawnp(&child, program, nil, nil, &arguments, environ)
    }

    private func report(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Nanoseconds.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
