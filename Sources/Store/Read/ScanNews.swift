import Files
import QED
import Repair
import SQLite
import ScanModel

/// What is new with a scan since the last completed scan of the same roots, for people.
package struct ScanNews: Sendable {
    /// An image with news.
    package struct Item: Hashable, Sendable {
        package let kind: Kind
        /// As in the store: escaped where it is not UTF-8.
        package let path: String
        /// The former path of an image that has moved.
        package let oldPath: String?
        /// The outcome now; nil if the image is gone.
        package let outcome: Outcome?
        package let corruptions: Int64
        package let leaks: Int64
        /// Whether the leaks include tables that no L1 entry refers to any more, so that the guest cannot reach its
        /// data.
        package let isTreeLost: Bool
    }

    /// In order of urgency.
    package enum Kind: String, CaseIterable, Sendable {
        case newlyDamaged = "newly damaged"
        case newAndDamaged = "new, and damaged"
        case worse
        case unchecked = "new, and cannot be checked"
        case vanished
        case dirty = "not closed cleanly"
        case moved
        case returned = "came back"
        case healed
    }

    /// When the scan began that this one is compared with; nil if there is none.
    package let since: String?
    /// By kind and path.
    package let items: [Item]
    /// Errors of paths that could be read in that scan, or failed in another way.
    package let errors: [PathError]
    /// Repairs that have been interrupted since and are not recovered.
    package let interrupted: [RepairID]
    /// Damaged images that are not among the items.
    package let stillDamaged: Int
    /// Number of errors and interrupted repairs that are not new.
    package let stillFailing: Int

    package var isEmpty: Bool { items.isEmpty && errors.isEmpty && interrupted.isEmpty }

    /// - Parameter roots: the roots of the scan, resolved.
    package init(of scanID: Int64, host: String, roots: [RawPath], in store: ScanStore) throws(StoreError) {
        let reader = ScanNewsReader(database: store.database, scanID: scanID, host: host, roots: roots)
        let (base, items, errors, damaged) = try StoreError.wrap { () throws(SQLiteError) in
            let base = try reader.base()
            return (
                base, try reader.items(since: base?.id), try reader.errors(since: base?.id), try reader.damage().keys
            )
        }
        since = base?.startedAt
        self.items = items.map(\.item).sorted { ($0.kind.rank, $0.path) < ($1.kind.rank, $1.path) }
        self.errors = errors.new
        let open = try store.preparedRepairs(host: host)
        let older = try StoreError.wrap { () throws(SQLiteError) in try reader.repairs(open, before: base?.startedAt) }
        interrupted = open.filter { !older.contains($0) }
        let told = Set(items.map(\.imageID))
        stillDamaged = damaged.count { !told.contains($0) }
        stillFailing = errors.old + older.count
    }
}

extension ScanNews.Kind {
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What became of an image between two scans: one row of `scan_change`, or several in sequence.
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
    /// The word of the view.
    let change: String
    let oldPath: String?
    let before: State
    let after: State

    /// This change and a later one as one.
    func followed(by later: ImageChange) -> ImageChange {
        // Gone and back counts as changed, if at all. New and gone counts as nothing.
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

    /// The word for any change of a result; the states tell which one.
    static let changed = "changed"

    /// The news; nil if there is nothing worth a line.
    ///
    /// - Parameters:
    ///   - isTreeLost: whether the image is assessed as `tree-lost` now.
    ///   - isDirty: whether it is marked as not closed cleanly now.
    func item(isTreeLost: Bool, isDirty: Bool) -> ScanNews.Item? {
        guard let kind = kind(isTreeLost: isTreeLost, isDirty: isDirty) else { return nil }
        return ScanNews.Item(
            // An image that has moved and vanished was known by its old path.
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
        // A lost table leaks what it mapped, and its corruptions are no longer counted.
        if isTreeLost, after.leaks > before.leaks { return .worse }
        // If nothing else is different, the dirty mark is the news.
        return after == before && isDirty ? .dirty : nil
    }
}
