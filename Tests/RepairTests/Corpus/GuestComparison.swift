import NaiveCheck
import QED
import Repair
import Testing

/// Holds what a guest reads after a repair to what it read before, and to what the plan said.
struct GuestComparison {
    let before: GuestView
    let after: GuestView

    init(_ image: RepairCycle) {
        before = GuestView(image.before)
        after = GuestView(image.after)
    }

    /// What is wrong, in words; empty if nothing is.
    func problems(with plan: RepairPlan) -> [String] {
        var kinds: [Int: Set<GuestEffect.Kind>] = [:]
        var problems: [String] = []
        let size = UInt64(before.clusterSize)
        for effect in plan.effects {
            if effect.range.offset % size != 0 { problems.append("\(effect) does not begin at a cluster") }
            let end = effect.range.offset + effect.range.length
            for cluster in Int(effect.range.offset / size)..<Int((end + size - 1) / size) {
                kinds[cluster, default: []].insert(effect.kind)
            }
        }
        for cluster in Set(before.interestingClusters(after)).union(kinds.keys).sorted() {
            if let problem = problem(cluster, kinds[cluster] ?? [], leaves: !plan.left.isEmpty) {
                problems.append(
                    "\(problem): guest cluster \(cluster): \(before.reading(cluster)) -> "
                        + "\(after.reading(cluster)), effects \(kinds[cluster] ?? [])")
            }
        }
        return problems
    }

    private func problem(_ cluster: Int, _ kinds: Set<GuestEffect.Kind>, leaves: Bool) -> String? {
        let (old, new) = (before.reading(cluster), after.reading(cluster))
        guard old == .unreadable else {
            if !before.readsTheSame(cluster, in: after) { return "reads something else" }
            return kinds.isEmpty ? nil : "listed, but could be read"
        }
        if new != .unreadable, kinds.isEmpty { return "not listed" }
        if kinds.contains(.unallocated), new != .unallocated { return "not unallocated" }
        if kinds.contains(.zeroed) {
            let readsZeros = new == .zeros || (new == .unallocated && !after.hasBackingFile)
            if !readsZeros { return "not zeros" }
        }
        // A table that could not be read may have entries that still cannot.
        if kinds == [.readable], new == .unreadable, !leaves { return "not readable" }
        return nil
    }
}
