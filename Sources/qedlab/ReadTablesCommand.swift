import CommandSyntax
import Files
import Glibc
import Lab

/// `qedlab read-tables`: reads the tables of an image and does nothing with them: benchmarks compare a check with it.
struct ReadTablesCommand {
    static let spec = CommandSpec(
        "read-tables", summary: "read the tables of an image, and do nothing else",
        discussion: [
            "It reads as 'qedscan check' does: on several threads, with pread(2) into the same buffers, without holes.",
            "No check of the image can be faster. It prints how many tables and bytes it has read.",
        ],
        options: [OptionSpec("threads", value: "N", help: "how many threads read", default: "a thread per processor")],
        operands: [OperandSpec("FILE", kind: .file, help: "the image")])

    private let path: RawPath
    private let threadCount: Int

    init(_ parsed: ParsedCommand) throws(UsageError) {
        path = RawPath(bytes: parsed.operand("FILE")?.bytes ?? [])
        threadCount = try parsed.integer(of: "threads", in: 1...1024) ?? sysconf(Int32(_SC_NPROCESSORS_ONLN))
    }

    func run() -> Result<Void, LabError> {
        Result { () throws(LabError) in
            let amount = try TableReader(path: path).read(threadCount: threadCount)
            print("\(amount.tables) L2 tables, \(amount.bytes) bytes")
        }
    }
}
