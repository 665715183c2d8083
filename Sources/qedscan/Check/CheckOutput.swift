import CommandSyntax
import QED
import SQLite
import Store

/// The exit status of `check`, that of `qemu-img check`.
enum CheckStatus: Int32, ProcessStatus {
    case consistent = 0
    case failed = 1
    case corruptions = 2
    case leaks = 3
    case formatHasNoCheck = 63

    static let success = CheckStatus.consistent

    var code: Int32 { rawValue }

    static func refuse(_ error: UsageError) -> CheckStatus {
        explain(error)
        return .failed
    }
}

/// The result of one check as `qemu-img check` (7.2) prints it.
struct CheckOutput {
    enum Form: String, CaseIterable {
        case human, json
    }

    let report: CheckResult
    /// As given.
    let filename: String

    var status: CheckStatus {
        switch report.outcome {
        case .clean: .consistent
        case .leaking: .leaks
        case .corrupt: .corruptions
        case .incomplete, .invalid, .unsupported, .inUse, .changing: .failed
        }
    }

    func text(_ form: Form) -> String {
        switch form {
        case .human: humanText
        case .json: jsonText
        }
    }

    /// Lists the findings, which qemu-img does not.
    func printFindings(_ palette: Palette) {
        guard !report.findings.isEmpty else { return }
        StandardOutput.writeLine()
        var writer = TableWriter(
            columns: [
                "kind", "l1", "l2", "entry", "file_offset", "count", "guest_offset", "guest_length", "other_l1",
                "other_l2", "message",
            ], palette: palette, roundsBytes: false)
        for finding in report.findings { writer.write(row(finding)) }
        writer.finish()
    }

    private func row(_ finding: Finding) -> [SQLiteValue] {
        let other = finding.otherOwner?.place
        return [
            .text(finding.kind.rawValue), .init(finding.place?.l1Index), .init(finding.place?.l2Index),
            finding.entryValue.map { .text("0x" + String($0, radix: 16)) } ?? .null,
            .init(finding.fileOffset.rawValue), .init(finding.clusterCount), .init(finding.guestRange?.offset),
            .init(finding.guestRange?.length), .init(other?.l1Index), .init(other?.l2Index),
            .text(finding.kind.message),
        ]
    }

    private var humanText: String {
        var text = ""
        if report.corruptions > 0 {
            text += "\n\(report.corruptions) errors were found on the image.\n"
            text += "Data may be corrupted, or further writes to the image may corrupt it.\n"
        }
        if report.leaks > 0 {
            text += "\n\(report.leaks) leaked clusters were found on the image.\n"
            text += "This means waste of disk space, but no harm to data.\n"
        }
        if report.checkErrors > 0 {
            text += "\n\(report.checkErrors) internal errors have occurred during the check.\n"
        }
        if text.isEmpty, report.outcome == .clean { text = "No errors were found on the image.\n" }
        return text + allocationText
    }

    private var allocationText: String {
        guard let total = report.totalClusters, total > 0, report.counts.allocated > 0 else { return "" }
        let allocated = Double(report.counts.allocated)
        let allocatedShare = Decimal.text(allocated * 100 / Double(total), places: 2)
        let fragmentedShare = Decimal.text(Double(report.counts.fragmented) * 100 / allocated, places: 2)
        return "\(report.counts.allocated)/\(total) = \(allocatedShare)% allocated, \(fragmentedShare)% fragmented, "
            + "0.00% compressed clusters\n"
    }

    /// `check-errors` always, the other counters only if they are not 0.
    private var jsonText: String {
        let counters: [(String, UInt64)] = [
            ("total-clusters", report.totalClusters ?? 0), ("allocated-clusters", report.counts.allocated),
            ("fragmented-clusters", report.counts.fragmented), ("leaks", report.leaks),
            ("corruptions", report.corruptions),
        ]
        let members =
            [("filename", JSON(filename)), ("format", JSON("qed")), ("check-errors", JSON(report.checkErrors))]
            + counters.filter { $0.1 > 0 }.map { ($0.0, JSON($0.1)) }
        return JSON.object(members, .lines(indent: 4)).text + "\n"
    }
}

extension HeaderFault {
    /// The reason in the words of QEMU, for scripts that look for them.
    var qemuReason: String {
        switch kind {
        case .featuresUnsupported:
            "Unsupported QED features: \(String(FeatureBits(rawValue: value).unknown.rawValue, radix: 16))"
        case .clusterSizeInvalid: "QED cluster size is invalid"
        case .tableSizeInvalid: "QED table size is invalid"
        case .imageSizeUnaligned, .imageSizeTooLarge: "QED image size is invalid"
        case .l1OffsetUnaligned, .l1OffsetInHeader, .l1OffsetBeyondFile, .l1TableTruncated:
            "QED table offset is invalid"
        case .headerSizeTooLarge: "QED header size is too large"
        case .backingFilenameOutsideHeader: "QED backing filename offset is invalid"
        case .backingFilenameTooLong: "Failed to read backing filename"
        default: "Failed to read QED header"
        }
    }
}

extension SQLiteValue {
    /// A number, NULL for nil.
    fileprivate init<Number: FixedWidthInteger>(_ number: Number?) {
        self = number.map { .integer(Int64(clamping: $0)) } ?? .null
    }
}
