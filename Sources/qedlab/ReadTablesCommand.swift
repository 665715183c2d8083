import CommandSyntax
import Files
import Glibc
import Lab

/// `qedlab read-tables`: reads the tables of an image and does nothing with them, for benchmarks to compare a check with.
struct ReadTablesCommand {
    static let spec = CommandSpec(
        "read-tables", summary: "read the tables of an image, and do no more",
        discussion: [
            "As 'qedscan check' reads them: on several threads, pread(2) into the same buffers, holes left out.",
            "It is the limit for a check of the image. Prints how many tables and bytes were read.",
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
