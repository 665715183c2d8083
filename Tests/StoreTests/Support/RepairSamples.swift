import Files
import Glibc
import ScanModel

@testable import QED
@testable import Repair
@testable import Store

extension StoreFixture {
    /// Opens the store and its journal, calls a function, closes the store.
    @discardableResult
    func repair<Result>(
        host: String = StoreFixture.host, _ body: (StoreJournal) throws -> Result
    ) throws -> Result {
        let store = try ScanStore(writing: path)
        let result = try body(StoreJournal(store: store, host: host, version: "1.2.3"))
        try store.close()
        return result
    }

    /// One row, its values separated by bars.
    func line(_ sql: String) throws -> String { try lines(sql).joined(separator: "\n") }
}

extension StoreJournal {
    /// A repair, or the undo of one, that is done.
    @discardableResult
    func make(
        _ path: RawPath, undoes: RepairID? = nil, isUndoable: Bool = true, _ writes: [RepairWrite] = []
    ) throws -> RepairID {
        let id = try prepare(.sample(path, undoes: undoes, isUndoable: isUndoable), writes)
        try finish(id, .sample())
        return id
    }

    func prepare(_ record: RepairRecord, _ writes: [RepairWrite]) throws(RepairFailure) -> RepairID {
        try prepare(record) { add throws(RepairFailure) in
            for write in writes { try add(write) }
        }
    }

    func allWrites(of id: RepairID) throws -> [RepairWrite] {
        var found: [RepairWrite] = []
        for phase in RepairWrite.Phase.allCases {
            try forEachWrite(of: id, in: phase) { write throws(RepairFailure) in found.append(write) }
        }
        return found
    }
}

extension ImageFingerprint {
    /// Different for each `number`.
    /// - Parameter modified: what tells that a guest has written in between.
    static func sample(_ number: UInt64 = 1, size: UInt64 = 20 << 16, modified: Int64 = 1) -> ImageFingerprint {
        ImageFingerprint(
            identity: FileIdentity(
                device: 3, inode: 10, size: size, modificationTime: modified, changeTime: Int64(number) + 5),
            header: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 64),
            metadata: [UInt8](repeating: UInt8(truncatingIfNeeded: number + 1), count: 32))
    }
}

extension RepairRecord {
    static func sample(
        _ path: RawPath, undoes: RepairID? = nil, actions: [RepairAction] = [.clearInvalid, .clearDirty],
        before: ImageFingerprint = .sample(), sizeAfter: UInt64 = 20 << 16, isUndoable: Bool = true,
        effects: [GuestEffect] = []
    ) -> RepairRecord {
        RepairRecord(
            path: path, undoes: undoes, actions: actions, before: before, sizeAfter: sizeAfter,
            isUndoable: isUndoable, effects: effects)
    }
}

extension RepairEnd {
    static func sample(
        _ state: RepairState = .done, after: ImageFingerprint? = .sample(2), report: CheckResult? = nil
    ) -> RepairEnd {
        let check = report.map {
            RepairCheck(
                status: CheckedImage(RawPath("/"), $0).status, report: $0, checkedAt: CheckedImage.time,
                duration: 5_000_000)
        }
        return RepairEnd(state, message: state == .done ? nil : "the disk is full", after: after, check: check)
    }
}

extension RepairWrite {
    /// One of each kind, and the edges of their sizes.
    static let samples: [RepairWrite] = {
        let mebibyte = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        return [
            RepairWrite(.detach, .extendTail, at: 8, .words(before: [UInt8](1...8), after: [UInt8](11...18))),
            RepairWrite(.tail, .extendTail, at: 1_310_720, .append([])),
            RepairWrite(.tail, .cloneTables, at: 1_310_721, .append(mebibyte)),
            RepairWrite(.tail, .cloneShared, at: 5 << 20, .copy(source: 1 << 16, length: 1 << 16)),
            RepairWrite(.tail, .cloneShared, at: UInt64(Int64.max), .copy(source: UInt64(Int64.max), length: 0)),
            RepairWrite(
                .pointer, .clearInvalid, at: 16,
                .words(before: [UInt8](repeating: 255, count: 16), after: [UInt8](repeating: 0, count: 16))),
            RepairWrite(.pointer, .cloneShared, at: 24, .words(before: mebibyte, after: mebibyte.reversed())),
            RepairWrite(.reclaim, .reclaimLeaks, at: 7 << 16, .release(length: 1 << 40, saved: nil)),
            RepairWrite(.reclaim, .reclaimLeaks, at: 8 << 16, .release(length: 1 << 20, saved: mebibyte)),
            RepairWrite(.reclaim, .reclaimLeaks, at: 9 << 16, .release(length: 0, saved: [])),
            RepairWrite(.header, .clearAutoclear, at: 32, .words(before: [], after: [])),
            RepairWrite(
                .header, .clearDirty, at: 16,
                .words(before: [2, 0, 0, 0, 0, 0, 0, 0], after: [UInt8](repeating: 0, count: 8))),
        ]
    }()
}
