import CommandSyntax
import Files
import Glibc

/// `qedlab measure`: runs a command and prints its time and memory, as the kernel counts them.
///
/// A large process cannot measure this itself: the peak memory of its child begins with its own.
struct MeasureCommand {
    static let spec = CommandSpec(
        "measure", summary: "run a command, and print its time, peak memory and status",
        discussion: [
            "The last line of standard error is 'measure: SECONDS s, KIBIBYTES KiB, status STATUS'. It counts the command "
                + "and all processes that it has waited for; the memory is that of the largest one. If a signal ended the "
                + "command, STATUS is its negative number."
        ],
        operands: [OperandSpec("COMMAND", help: "the command and its arguments, after --", repeating: true)])

    private let words: [[UInt8]]

    init(_ parsed: ParsedCommand) { words = parsed.operands(named: "COMMAND").map(\.bytes) }

    /// Exits with 0 whatever the command's status, and with 8 if it could not be started.
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
