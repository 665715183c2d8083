import QED

/// What became of an image between two scans: one row of `scan_change`, or several that follow each other.
struct ImageChange {
    /// A conclusive result.
    struct State: Hashable {
        /// nil if there was none, or the image is gone.
        let outcome: Outcome?
        let corruptions: Int64
        let leaks: Int64

        init(_ outcome: Outcome?, _ corruptions: Int64, leaks: Int64) {
            self.outcome = outcome
            self.corruptions = corruptions
            self.leaks = leaks
        }

        /// As the view `damaged_image` has it.
        var isDamaged: Bool {
            switch outcome {
            case .leaking, .corrupt, .invalid: true
            case .incomplete: corruptions > 0
            default: false
            }
        }

        /// As the view `scan_change` has it.
        fileprivate var rank: Int {
            switch outcome {
            case .clean: 0
            case .leaking: 1
            case .corrupt: 3
            case .invalid: 4
            default: 2
            }
        }
    }

    let path: String
    /// As the view calls it.
    let change: String
    let oldPath: String?
    let before: State
    let after: State

    /// This change and a later one as one.
    func followed(by later: ImageChange) -> ImageChange {
        // Gone and back is nothing, unless it is not what it was; new and gone was never there.
        let placed: String
        switch (change, later.change) {
        case ("vanished", "returned"): placed = ImageChange.changed
        case ("new", "vanished"), ("returned", "vanished"): placed = "none"
        case (_, "vanished"), (_, "moved"): placed = later.change
        case ("new", _), ("moved", _), ("returned", _): placed = change
        case (_, "returned"): placed = later.change
        default: placed = ImageChange.changed
        }
        return ImageChange(
            path: path, change: placed, oldPath: later.oldPath ?? oldPath, before: before, after: later.after)
    }

    /// The name for all changes of a result: which one it is shows in the states.
    static let changed = "changed"

    /// What to tell; nil if it is not worth a line.
    ///
    /// - Parameters:
    ///   - isTreeLost: how the image is assessed now.
    ///   - isDirty: whether it is marked as not closed cleanly now.
    func item(isTreeLost: Bool, isDirty: Bool) -> ScanNews.Item? {
        guard let kind = kind(isTreeLost: isTreeLost, isDirty: isDirty) else { return nil }
        return ScanNews.Item(
            // What has moved and gone was known by its old name.
            kind: kind, path: kind == .vanished ? oldPath ?? path : path, oldPath: kind == .moved ? oldPath : nil,
            outcome: kind == .vanished ? nil : after.outcome, corruptions: after.corruptions, leaks: after.leaks,
            isTreeLost: isTreeLost && kind != .vanished)
    }

    private func kind(isTreeLost: Bool, isDirty: Bool) -> ScanNews.Kind? {
        switch change {
        case "none": return nil
        case "vanished": return .vanished
        case "returned": return .returned
        case "moved": return .moved
        case "new":
            if after.isDamaged { return .newAndDamaged }
            return after.outcome == .incomplete || after.outcome == .unsupported ? .unchecked : nil
        default: return stateKind(isTreeLost: isTreeLost, isDirty: isDirty)
        }
    }

    private func stateKind(isTreeLost: Bool, isDirty: Bool) -> ScanNews.Kind? {
        if before.isDamaged, after.outcome == .clean { return .healed }
        if after.isDamaged, !before.isDamaged { return .newlyDamaged }
        if before.outcome == nil, after.outcome == .incomplete || after.outcome == .unsupported { return .unchecked }
        if after.rank > before.rank || after.corruptions > before.corruptions { return .worse }
        // A lost table leaks what it mapped, and takes its corruptions with it.
        if isTreeLost, after.leaks > before.leaks { return .worse }
        // Nothing else is different, so that is what is new.
        return after == before && isDirty ? .dirty : nil
    }
}
