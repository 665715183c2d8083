import CommandSyntax
import Files
import QED
import Repair

/// Plans for people.
struct PlanText {
    /// The most guest ranges that are listed for one image; `--plan-out` lists them all.
    private static let rangeLimit = 10

    let palette: Palette

    func print(_ image: PlannedImage) {
        let path = palette.bold(PrintableText.escaping(image.path.bytes))
        switch image.answer {
        case .failure(let failure):
            StandardOutput.writeLine("\(path): " + palette.bad("not repaired") + ": \(failure)")
        case .plan(let plan): print(plan, path)
        }
    }

    private func print(_ plan: RepairPlan, _ path: String) {
        StandardOutput.writeLine("\(path): \(PlanText.state(plan.before)) -> \(color(plan.after))")
        for action in plan.actions { StandardOutput.writeLine("    \(line(action, plan))") }
        if !plan.isEmpty { printEffects(plan) }
        for left in plan.left {
            StandardOutput.writeLine("    " + palette.warning("not repaired: \(left.count): \(left.reason)"))
        }
    }

    /// `clear-invalid  3 entries`, with the bytes that are copied or freed.
    private func line(_ action: RepairAction, _ plan: RepairPlan) -> String {
        let name = action.rawValue.padded(to: 16)
        var parts: [String] = []
        let words = plan.changedWords(by: action)
        switch action {
        case .clearDirty, .clearAutoclear: parts.append("header")
        case .extendTail: parts.append("extended to the end of the last cluster")
        case .reclaimLeaks:
            let shorter = plan.sizeBefore - min(plan.sizeAfter, plan.sizeBefore)
            if shorter > plan.releasedBytes { parts.append("\(ByteCount.text(Int64(clamping: shorter))) shorter") }
            parts.append("\(ByteCount.text(Int64(clamping: plan.releasedBytes))) freed")
            if !plan.isUndoable { parts.append(palette.warning("cannot be undone")) }
        case .clearInvalid, .cloneShared, .cloneTables: parts.append(words == 1 ? "1 entry" : "\(words) entries")
        }
        let copied = plan.copiedBytes(by: action)
        if copied > 0 { parts.append("\(ByteCount.text(Int64(clamping: copied))) copied") }
        return name + parts.joined(separator: ", ")
    }

    private func printEffects(_ plan: RepairPlan) {
        let lost = plan.effects.filter { $0.kind != .readable }
        let length = lost.reduce(Int64(0)) { $0 + Int64(clamping: $1.range.length) }
        let summary = lost.isEmpty ? palette.good("nothing") : palette.bad(ByteCount.text(length))
        StandardOutput.writeLine("    lost: \(summary)")
        for effect in plan.effects.prefix(PlanText.rangeLimit) {
            let end = effect.range.offset + effect.range.length - 1
            let now = effect.kind == .readable ? "readable again" : "will \(reading(effect.kind, plan))"
            StandardOutput.writeLine("        guest bytes \(effect.range.offset)-\(end): \(now)")
        }
        let more = plan.effects.count - PlanText.rangeLimit
        if more > 0 { StandardOutput.writeLine("        and \(Count.text(more, "more range")); --plan-out lists all") }
    }

    private func reading(_ kind: GuestEffect.Kind, _ plan: RepairPlan) -> String {
        guard kind == .unallocated, plan.before.backingFilename != nil else { return "read as zeros" }
        return "come from the backing file"
    }

    private func color(_ report: CheckResult) -> String {
        let text = PlanText.state(report)
        return report.outcome == .clean && !report.isDirty ? palette.good(text) : palette.warning(text)
    }

    /// `corrupt, dirty (3 corruptions, 2 leaks)`.
    static func state(_ report: CheckResult) -> String {
        var text = report.outcome.rawValue + (report.isDirty ? ", dirty" : "")
        let counts = [(report.corruptions, "corruption"), (report.leaks, "leak")].filter { $0.0 > 0 }
            .map { Count.text($0.0, $0.1) }
        if !counts.isEmpty { text += " (\(counts.joined(separator: ", ")))" }
        return text
    }
}
