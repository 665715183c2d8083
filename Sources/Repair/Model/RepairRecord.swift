import Files
import QED

/// The row ID of a repair in the journal.
package typealias RepairID = Int64

/// Guest bytes that read differently after a repair.
public struct GuestEffect: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Could not be read. Now unallocated: they read from the backing file, or as zeros.
        case unallocated
        /// Could not be read. Now they read as zeros.
        case zeroed
        /// Could not be read. Now they can.
        case readable
    }

    public let kind: Kind
    public let action: RepairAction
    public let range: GuestRange

    public init(_ kind: Kind, _ action: RepairAction, _ range: GuestRange) {
        self.kind = kind
        self.action = action
        self.range = range
    }
}

/// Identifies the state of an image: the file, its header, and a digest of all metadata.
package struct ImageFingerprint: Hashable, Sendable {
    package let identity: FileIdentity
    /// The header's 64 bytes; fewer if the file is shorter.
    package let header: [UInt8]
    /// SHA-256 (32 bytes) of header, backing file name and tables, as `MetadataDigest` makes it.
    package let metadata: [UInt8]

    package init(identity: FileIdentity, header: [UInt8], metadata: [UInt8]) {
        self.identity = identity
        self.header = header
        self.metadata = metadata
    }
}

/// A repair, or the undo of one, that is about to begin.
package struct RepairRecord: Sendable {
    package let path: RawPath
    /// The repair that this one undoes; nil if it is not an undo. An undo has no writes: it makes those of that repair
    /// in the opposite direction.
    package let undoes: RepairID?
    package let actions: [RepairAction]
    package let before: ImageFingerprint
    /// Bytes of the file afterwards.
    package let sizeAfter: UInt64
    /// Whether everything that it changes is in the journal.
    package let isUndoable: Bool
    package let effects: [GuestEffect]

    package init(
        path: RawPath, undoes: RepairID? = nil, actions: [RepairAction], before: ImageFingerprint, sizeAfter: UInt64,
        isUndoable: Bool, effects: [GuestEffect]
    ) {
        self.path = path
        self.undoes = undoes
        self.actions = actions
        self.before = before
        self.sizeAfter = sizeAfter
        self.isUndoable = isUndoable
        self.effects = effects
    }
}

/// The state of a repair in the journal. The raw values are stored.
package enum RepairState: String, CaseIterable, Sendable {
    /// In the journal, and perhaps begun. A crash leaves this state.
    case prepared
    case done
    /// Rolled back, after an error or a crash.
    case rolledBack = "rolled_back"
    /// It was interrupted, and the image has been used since. It is left alone.
    case conflict
}

/// A repair as the journal keeps it.
package struct JournaledRepair: Sendable {
    package let id: RepairID
    package let record: RepairRecord
    package let state: RepairState
    /// The image right after the repair; nil unless it is done.
    package let after: ImageFingerprint?
    /// The repair that has the writes: this one or, for an undo, the one at the end of the chain of undos.
    package let writesID: RepairID
    /// The direction in which it makes them.
    package let direction: RepairDirection

    package init(
        id: RepairID, record: RepairRecord, state: RepairState, after: ImageFingerprint?, writesID: RepairID,
        direction: RepairDirection
    ) {
        self.id = id
        self.record = record
        self.state = state
        self.after = after
        self.writesID = writesID
        self.direction = direction
    }
}

/// How a repair ended.
package struct RepairEnd: Sendable {
    package let state: RepairState
    /// The reason, unless it is done.
    package let message: String?
    /// The image afterwards; nil if it could not be read.
    package let after: ImageFingerprint?
    /// The check of the image afterwards; nil if there was none.
    package let check: RepairCheck?

    package init(
        _ state: RepairState, message: String? = nil, after: ImageFingerprint? = nil, check: RepairCheck? = nil
    ) {
        self.state = state
        self.message = message
        self.after = after
        self.check = check
    }
}

/// A check of an image that a repair has made.
package struct RepairCheck: Sendable {
    package let status: FileStatus
    package let report: CheckResult
    /// Nanoseconds since 1970.
    package let checkedAt: Int64
    /// Nanoseconds.
    package let duration: Int64

    package init(status: FileStatus, report: CheckResult, checkedAt: Int64, duration: Int64) {
        self.status = status
        self.report = report
        self.checkedAt = checkedAt
        self.duration = duration
    }
}

/// Keeps repairs before they are made, so that each can be rolled back or undone.
///
/// Every function that changes the journal returns only when the change is on disk.
package protocol RepairJournal {
    /// Adds a repair with state `prepared`, and its writes, in one transaction, and returns its ID.
    ///
    /// - Parameter writes: calls its argument with each write.
    func prepare(
        _ record: RepairRecord, writes: ((RepairWrite) throws(RepairFailure) -> Void) throws(RepairFailure) -> Void
    ) throws(RepairFailure) -> RepairID

    /// The repair with this ID; nil if there is none.
    func repair(_ id: RepairID) throws(RepairFailure) -> JournaledRepair?

    /// The image as the latest repair has left it, done or rolled back. nil if that is not known, or if the image was
    /// used between two repairs: each one since `id` must have begun with what the one before it left.
    func lastFingerprint(since id: RepairID) throws(RepairFailure) -> ImageFingerprint?

    /// Calls a function with the writes of one phase, in the order of `prepare`.
    func forEachWrite(
        of id: RepairID, in phase: RepairWrite.Phase, _ body: (RepairWrite) throws(RepairFailure) -> Void
    ) throws(RepairFailure)

    /// Stores how a repair has ended.
    func finish(_ id: RepairID, _ end: RepairEnd) throws(RepairFailure)
}
