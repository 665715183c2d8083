import Foundation
import Lab
import TestSupport

/// Which of many cases a test run takes: random ones, or all of them (`QEDSCAN_FAULTS=all`).
struct CaseChoice {
    static let takesAll = ProcessInfo.processInfo.environment["QEDSCAN_FAULTS"] == "all"

    private var random: SeededRandom

    init(_ test: String = #function) { random = SeededRandom(seed: Seed.next(test)) }

    /// At most `limit` of them, in their order.
    mutating func choose<Case>(_ limit: Int, of cases: [Case]) -> [Case] {
        guard !CaseChoice.takesAll, cases.count > limit else { return cases }
        return cases.indices.shuffled(using: &random).prefix(limit).sorted().map { cases[$0] }
    }
}
