import Foundation
import QED

/// What a check says, ours or QEMU's, in the terms of `qemu-img check`.
struct PeerResult: Hashable, Sendable {
    /// 0 consistent, 1 not done, 2 corruptions, 3 leaks, 63 no check for the format.
    var status: Int32
    /// nil unless the check was done.
    var counters: Counters?
    /// Why the image could not be opened, in QEMU's words.
    var reason: String?

    /// The members of the JSON form; those that are left out are 0.
    struct Counters: Hashable, Sendable, Decodable {
        var total: Int64 = 0
        var allocated: Int64 = 0
        var fragmented: Int64 = 0
        var leaks: Int64 = 0
        var corruptions: Int64 = 0
        var checkErrors: Int64 = 0

        enum CodingKeys: String, CodingKey {
            case total = "total-clusters"
            case allocated = "allocated-clusters"
            case fragmented = "fragmented-clusters"
            case leaks, corruptions
            case checkErrors = "check-errors"
        }
    }
}

extension PeerResult.Counters {
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        func member(_ key: CodingKeys) throws -> Int64 { try members.decodeIfPresent(Int64.self, forKey: key) ?? 0 }
        total = try member(.total)
        allocated = try member(.allocated)
        fragmented = try member(.fragmented)
        leaks = try member(.leaks)
        corruptions = try member(.corruptions)
        checkErrors = try member(.checkErrors)
    }

    /// The exit status that goes with them.
    var status: Int32 { corruptions != 0 ? 2 : leaks != 0 ? 3 : 0 }

    /// Our own counters with the given number of leaks.
    init(_ report: CheckResult, leaks: Int64) {
        total = Int64(clamping: report.totalClusters ?? 0)
        allocated = Int64(clamping: report.counts.allocated)
        fragmented = Int64(clamping: report.counts.fragmented)
        corruptions = Int64(clamping: report.corruptions)
        checkErrors = Int64(clamping: report.checkErrors)
        self.leaks = leaks
    }
}

extension PeerResult {
    /// Reads what `check --output=json` printed.
    init(_ run: ShellBatch.Result) throws {
        status = run.status
        if !run.output.isEmpty {
            counters = try JSONDecoder().decode(Counters.self, from: Data(run.output.utf8))
        }
        reason = PeerResult.reason(in: run.errors)
    }

    /// The words after `Could not open 'F': `. Ours may add an explanation in parentheses.
    private static func reason(in errors: String) -> String? {
        guard let line = errors.split(separator: "\n").first,
            let start = line.range(of: "Could not open '"), let end = line[start.upperBound...].range(of: "': ")
        else { return nil }
        let words = line[end.upperBound...]
        return String(words.range(of: " (").map { words[..<$0.lowerBound] } ?? words)
    }
}

extension PeerResult: CustomStringConvertible {
    var description: String {
        var text = "exit \(status)"
        if let counters {
            text += " total \(counters.total) allocated \(counters.allocated) fragmented \(counters.fragmented)"
            text += " leaks \(counters.leaks) corruptions \(counters.corruptions) errors \(counters.checkErrors)"
        }
        return text + (reason.map { " '\($0)'" } ?? "")
    }
}
