import CommandSyntax
import Files
import PoolScan
import QED
import Store

/// `qedscan check IMAGE`: prints what `qemu-img check -f qed` prints, and is right where that is wrong.
struct CheckCommand: Command {
    static let spec = CommandSpec(
        "check", summary: "check one image without the store, as 'qemu-img check -f qed' does",
        discussion: [
            "Takes the options of 'qemu-img check', and has the same output and exit status. Never writes to the "
                + "image: -r is refused; use 'qedscan repair' instead. IMAGE is always a file name, even if it "
                + "contains a colon. The backing file is not opened.",
            "The main differences are: leaks in files of 4 GiB or more are counted correctly; images with a table size "
                + "of 1 cluster are checked, not refused; if some tables cannot be read, the counts of the others are "
                + "printed, and the exit status is 1.",
        ],
        options: [
            OptionSpec(
                "format", short: "f", value: "FMT",
                help: "format of the image; only qed can be checked", default: "detected"
            ),
            OptionSpec(
                "output", value: "OFMT", kind: .oneOf(cases: CheckOutput.Form.self), help: "format of the output",
                default: CheckOutput.Form.human.rawValue),
            OptionSpec("repair", short: "r", value: "MODE", help: "not supported: check never writes"),
            OptionSpec("force-share", short: "U", help: "check the image even if a program has it open for writing"),
            OptionSpec("image-opts", help: "IMAGE is a list of options, such as driver=qed,file.filename=FILE"),
            OptionSpec(
                "cache", short: "T", value: "CACHE",
                kind: .oneOf(["none", "writeback", "writethrough", "directsync", "unsafe"]),
                help: "accepted for compatibility; has no effect"),
        ],
        operands: [OperandSpec("IMAGE", kind: .file, help: "the image")],
        examples: [.init("qedscan check --output json disk.qed", "Prints the result as JSON.")])

    private let parsed: ParsedCommand
    private let image: CheckedImageName
    private let form: CheckOutput.Form

    init(_ parsed: ParsedCommand) throws(UsageError) {
        if parsed.has("repair") {
            throw parsed.usageError("-r is not supported, since check never writes: use qedscan repair")
        }
        self.parsed = parsed
        form = try parsed.choice(of: "output", as: CheckOutput.Form.self) ?? .human
        image = try CheckedImageName(parsed)
    }

    var threadCount: Int { ScanConfiguration.processorCount }

    func run() throws(UsageError) -> CheckStatus {
        let palette = try Palette(parsed)
        guard image.isQED else {
            Diagnostic.error("This image format does not support checks")
            return .formatHasNoCheck
        }
        do throws(SystemError) {
            // A program that takes no lock may write during the check. No answer is better than a wrong one.
            for _ in 1...2 {
                let file = try ImageFile(path: image.path)
                if let refusal = try refusal(of: file) { return refusal }
                let report = Checker(threadCount: ScanConfiguration.processorCount).check(file)
                if try isInUse(file) { return failInUse() }
                let isUnchanged = try ImageFile(path: image.path).status.identity == file.status.identity
                if isUnchanged || parsed.has("force-share") { return print(report, palette) }
            }
            return fail("it changed during the check, and again during a second one; try again later")
        } catch {
            return fail(error.reason)
        }
    }

    /// The status if the file cannot be checked; nil if it can.
    private func refusal(of file: ImageFile) throws(SystemError) -> CheckStatus? {
        guard file.status.isRegular else { return fail("it is not a regular file") }
        guard try file.hasMagic() else {
            if image.isFormatGiven { return fail("Image not in QED format") }
            Diagnostic.error("This image format does not support checks")
            return .formatHasNoCheck
        }
        return try isInUse(file) ? failInUse() : nil
    }

    /// Whether a writer has the file open; always false with `--force-share`.
    private func isInUse(_ file: ImageFile) throws(SystemError) -> Bool {
        guard !parsed.has("force-share"), case .writer = try file.testUse() else { return false }
        return true
    }

    private func failInUse() -> CheckStatus {
        fail("Failed to get shared \"write\" lock\nIs another process using the image [\(image.printable)]?")
    }

    private func print(_ report: CheckResult, _ palette: Palette) -> CheckStatus {
        guard report.header != nil else { return fail(report.message ?? "Failed to read QED header") }
        if let fault = report.fault { return fail(fault.qemuReason + " (\(fault))") }
        let output = CheckOutput(report: report, filename: image.argument.text)
        if !parsed.has("quiet") { StandardOutput.write(output.text(form)) }
        if parsed.has("verbose"), form == .human { output.printFindings(palette) }
        if let message = report.message { Diagnostic.error("Check failed: \(message)") }
        return output.status
    }

    private func fail(_ reason: String) -> CheckStatus {
        Diagnostic.error("Could not open '\(image.printable)': \(reason)")
        return .failed
    }
}

/// The image that the command line names, and its format.
private struct CheckedImageName {
    /// As given.
    let argument: RawArgument
    let path: RawPath
    let isQED: Bool
    let isFormatGiven: Bool

    var printable: String { argument.printable }

    init(_ parsed: ParsedCommand) throws(UsageError) {
        argument = parsed.operand("IMAGE") ?? RawArgument("")
        var format = parsed.value(of: "format")
        if parsed.has("image-opts") {
            let options = try CheckedImageName.options(argument, parsed)
            format = options.driver ?? format
            path = RawPath(bytes: options.filename.bytes)
        } else {
            path = RawPath(bytes: argument.bytes)
        }
        isFormatGiven = format != nil
        isQED = format == nil || format == RawArgument("qed")
        if let format, !isQED, format != RawArgument("raw") {
            throw parsed.usageError("format '\(format.printable)' is not QED: use qemu-img check")
        }
    }

    /// Splits `driver=qed,file.driver=file,file.filename=NAME`; `,,` stands for a comma in a name.
    private static func options(
        _ argument: RawArgument, _ parsed: ParsedCommand
    ) throws(UsageError) -> (driver: RawArgument?, filename: RawArgument) {
        var driver: RawArgument?
        var filename: RawArgument?
        for option in split(argument.bytes) {
            let name = String(decoding: option.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
            let value = RawArgument(bytes: Array(option.dropFirst(name.utf8.count + 1)))
            switch name {
            case "driver": driver = value
            case "file.filename", "filename": filename = value
            case "file.driver" where value == RawArgument("file"): break
            default:
                throw parsed.usageError("image option '\(RawArgument(bytes: option).printable)' is not supported")
            }
        }
        guard let filename else { throw parsed.usageError("--image-opts needs file.filename=FILE") }
        return (driver, filename)
    }

    private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        let comma = UInt8(ascii: ",")
        var options: [[UInt8]] = [[]]
        var position = 0
        while position < bytes.count {
            if bytes[position] != comma {
                options[options.count - 1].append(bytes[position])
            } else if position + 1 < bytes.count, bytes[position + 1] == comma {
                options[options.count - 1].append(comma)
                position += 1
            } else {
                options.append([])
            }
            position += 1
        }
        return options
    }
}
