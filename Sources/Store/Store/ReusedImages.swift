import QED

/// Images that a scan saw again, unchanged.
package struct ReusedImages: Sendable {
    /// How many have the same result.
    struct Group: Sendable {
        let outcome: Outcome
        let isDirty: Bool
        var count: Int
    }

    /// Their row IDs.
    private(set) var ids: [Int64] = []
    /// A few, one for each result.
    private(set) var groups: [Group] = []
    /// What is known now of backing files.
    private(set) var backings: [(imageID: Int64, backing: ImageBacking)] = []
    /// Those that were not checked to their end.
    private(set) var incomplete: [Int64] = []

    package mutating func add(imageID: Int64, outcome: Outcome, isDirty: Bool, backing: ImageBacking) {
        ids.append(imageID)
        if let index = groups.firstIndex(where: { $0.outcome == outcome && $0.isDirty == isDirty }) {
            groups[index].count += 1
        } else {
            groups.append(Group(outcome: outcome, isDirty: isDirty, count: 1))
        }
        if case .unknown = backing {} else { backings.append((imageID, backing)) }
        if outcome == .incomplete { incomplete.append(imageID) }
    }
}
