import Files
import QED

/// The row ID of a repair in the journal.
package typealias RepairID = Int64

/// Guest bytes that read differently after a repair.
public struct GuestEffect: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Could not be read; now unallocated: reads the backing file, or zeros.
        case unallocated
        /// Could not be read; now reads zeros.
        case zeroed
        /// Could not be read, and can be now.
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

/// What identifies the contents of an image: the file, its header, and a digest of all metadata.
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
    /// The repair that this one takes back, nil if it is not an undo. An undo goes through the writes of that repair
    /// the other way round and has none of its own.
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

/// How a repair stands in the journal. The raw values are stored.
package enum RepairState: String, CaseIterable, Sendable {
    /// In the journal, and perhaps begun: a crash leaves it so.
    case prepared
    case done
    /// Taken back to where it began: after an error, or after a crash.
    case rolledBack = "rolled_back"
    /// It did not end, and the image is neither as before nor as after it: left as it is.
    case conflict
}

/// A repair as the journal has it.
package struct JournaledRepair: Sendable {
    package let id: RepairID
    package let record: RepairRecord
    package let state: RepairState
    /// As it was right after the repair, nil unless it is done.
    package let after: ImageFingerprint?
    /// The repair whose writes it goes through: its own, or those of the repair at the end of a chain of undos.
    package let writesID: RepairID
    /// Which way it goes through them.
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
    /// Why, unless it is done.
    package let message: String?
    /// The image afterwards; nil if it could not be read.
    package let after: ImageFingerprint?
    /// The check of the image afterwards, nil if there was none.
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
