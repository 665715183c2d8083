import CommandSyntax
import Files
import Glibc
import Lab

/// The developers' tool that builds QED images and pools with chosen defects. Its commands are thin: `Lab` does the
/// work, and tests and benchmarks use that directly.
@main
enum QEDLab {
    static let spec = CommandSpec(
        "qedlab", summary: "build QED images and pools with chosen defects",
        discussion: ["The same arguments and seed give the same bytes."],
        options: [.help],
        subcommands: [
            ImageCommand.spec, PoolCommand.spec, HostileCommand.spec,
            DamageCommand.spec, DefectsCommand.spec, MutateCommand.spec,
            ReadTablesCommand.spec, MeasureCommand.spec,
        ])

    /// The seed of a command that makes something random.
    static let seedOption = OptionSpec("seed", value: "N", help: "the seed of all random choices", default: "0")

    static func main() {
        do throws(UsageError) {
            let parsed = try CommandParser(spec).parse(RawArgument.processArguments())
            if parsed.helpRequested {
                print(HelpText(parsed.path).render(width: 100), terminator: "")
                return
            }
            try run(parsed)
        } catch {
            writeError("\(error)\n\(error.hint)\n")
            exit(16)
        }
    }

    /// Runs the command. Exits with 0, or with 8 if something could not be written.
    private static func run(_ parsed: ParsedCommand) throws(UsageError) {
        let result: Result<Void, LabError>
        switch parsed.names.first {
        case "image": result = try ImageCommand(parsed).run()
        case "pool": result = try PoolCommand(parsed).run()
        case "hostile": result = HostileCommand(parsed).run()
        case "damage": result = try DamageCommand(parsed).run()
        case "read-tables": result = try ReadTablesCommand(parsed).run()
        case "measure": exit(MeasureCommand(parsed).run())
        case "defects": result = DefectsCommand().run()
        default: result = try MutateCommand(parsed).run()
        }
        if case .failure(let error) = result {
            writeError("qedlab: " + PrintableText.escaping(error.description) + "\n")
            exit(8)
        }
    }

    private static func writeError(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
