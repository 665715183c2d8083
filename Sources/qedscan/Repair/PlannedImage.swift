import Files
import QED
import Repair

/// An image and what a repair would do to it, or why nothing is done.
struct PlannedImage {
    enum Answer {
        case plan(RepairPlan)
        case failure(RepairFailure)
    }

    let path: RawPath
    /// As the store knows it: the latest check.
    let identity: FileIdentity
    let outcome: Outcome
    let answer: Answer

    var plan: RepairPlan? {
        if case .plan(let plan) = answer { plan } else { nil }
    }

    /// Whether there is anything to do.
    var isRepairable: Bool { plan.map { !$0.isEmpty } ?? false }
}
