import CSystem
import CommandSyntax
import Glibc

/// The priorities of the scan for processors and disks: `--nice` and `--ionice`.
struct SchedulingPriority {
    static let specs: [OptionSpec] = [
        OptionSpec("nice", value: "N", help: "CPU priority, as for nice(1): from 0 (normal) to 19 (lowest)"),
        OptionSpec(
            "ionice", value: "CLASS",
            help:
                "I/O priority, as for ionice(1): idle, best-effort or best-effort:N, N from 0 (highest) to 7 (lowest)"),
    ]

    private enum DiskClass {
        case idle
        case bestEffort(level: Int32)
    }

    private let nice: Int?
    private let diskClass: DiskClass?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        nice = try parsed.integer(of: "nice", in: 0...19)
        guard let value = parsed.value(of: "ionice") else {
            diskClass = nil
            return
        }
        let classes = [("idle", DiskClass.idle), ("best-effort", .bestEffort(level: 4))]
        let levels = (0...7).map { ("best-effort:\($0)", DiskClass.bestEffort(level: Int32($0))) }
        guard let match = (classes + levels).first(where: { $0.0 == value.text }) else {
            throw parsed.refusal(
                of: value, option: "ionice", because: "is not idle, best-effort or best-effort:0 to best-effort:7")
        }
        diskClass = match.1
    }

    /// Sets the priorities of this thread. Other threads inherit them, so this is to be called before there are any.
    ///
    /// Returns false, with the reason on stderr, if the system refuses.
    func apply() -> Bool {
        if let nice, csystem_set_nice(Int32(nice)) != 0 { return refuse("--nice \(nice)") }
        switch diskClass {
        case nil: return true
        case .idle:
            if csystem_set_io_priority(Int32(csystem_io_idle), 0) == 0 { return true }
            return refuse("--ionice idle")
        case .bestEffort(let level):
            if csystem_set_io_priority(Int32(csystem_io_best_effort), level) == 0 { return true }
            return refuse("--ionice best-effort:\(level)")
        }
    }

    private func refuse(_ option: String) -> Bool {
        Diagnostic.error("\(option): cannot set the priority: \(String(cString: strerror(errno)))")
        return false
    }
}
