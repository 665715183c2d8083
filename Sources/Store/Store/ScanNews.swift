import Files
import QED
import Repair
import SQLite

/// What is new with a scan, for people: since the last completed scan of the same roots, whatever was scanned in
/// between.
package struct ScanNews: Sendable {
    /// An image of which there is something to say.
    package struct Item: Hashable, Sendable {
        package let kind: Kind
        /// As the store has it: escaped where it is not UTF-8.
        package let path: String
        /// Where an image was that has moved.
        package let oldPath: String?
        /// As it is now; nil if it is gone.
        package let outcome: Outcome?
        package let corruptions: Int64
        package let leaks: Int64
        /// Tables that no L1 entry refers to any more are among the leaks: the guest's data is out of its reach.
        package let isTreeLost: Bool
    }

    /// In the order of what to look at first.
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

    /// When the scan that this one is compared with began; nil if there is none.
    package let since: String?
    /// By kind and path.
    package let items: [Item]
    /// Paths that could be read then, or failed in another way.
    package let errors: [PathErrorRecord]
    /// Repairs that were interrupted since, and are not settled.
    package let interrupted: [RepairID]
    /// Damaged images that are not among the items.
    package let stillDamaged: Int
    /// Errors and interrupted repairs that were there before.
    package let stillFailing: Int

    package var isEmpty: Bool { items.isEmpty && errors.isEmpty && interrupted.isEmpty }

    /// - Parameter roots: of the scan, as the store has them.
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
