import Files
import NaiveCheck
import QED
import Repair
import Testing

/// One image on its way through repair, undo and the undo of that, with what each must hold to.
struct RepairCycle {
    let before: [UInt8]
    let after: [UInt8]
    let plan: RepairPlan
    let id: RepairID?
    let storage: MemoryStorage
    let journal: MemoryJournal
    let log: EventLog
    let options: RepairOptions

    var session: RepairSession { RepairSession(storage, path: RawPath("image.qed"), journal: journal) }

    /// Whether it gives leaks back: interrupted, it is brought to its end.
    var reclaims: Bool { plan.actions.contains(.reclaimLeaks) && !plan.isUndoable }

    /// What a repair that was interrupted is brought to: back, but on to its end if bytes are gone.
    func settled(from bytes: [UInt8]) -> [UInt8] { reclaims && !bytes.isSame(as: before) ? after : before }

    /// Repairs an image.
    init(_ bytes: [UInt8], _ options: RepairOptions) throws {
        let log = EventLog()
        let storage = MemoryStorage(bytes, log: log)
        let journal = MemoryJournal(log: log)
        plan = try RepairPlanner(options: options).plan(for: storage)
        let session = RepairSession(storage, path: RawPath("image.qed"), journal: journal)
        id = try session.repair(options, as: plan)?.id
        before = bytes
        after = storage.bytes
        self.storage = storage
        self.journal = journal
        self.log = log
        self.options = options
    }

    /// The plan came true, and nothing is left to do.
    func expectComplete(_ story: Comment) throws {
        #expect((id == nil) == plan.isEmpty, story)
        #expect(plan.isEmpty == (log.changeCount == 0), story)
        #expect(UInt64(after.count) == plan.sizeAfter, story)
        expectSame(Checker().check(MemoryStorage(after)), plan.after, story)
        try expectSecondRepairWritesNothing(story)
        expectNothingLeft(story)
    }

    /// Leaks that were not touched while something else was wrong are reclaimed by the second run; then by no other.
    private func expectSecondRepairWritesNothing(_ story: Comment) throws {
        let second = try RepairPlanner(options: options).plan(for: MemoryStorage(after))
        guard !second.isEmpty else {
            let log = EventLog()
            let session = RepairSession(
                MemoryStorage(after, log: log), path: RawPath("image.qed"), journal: MemoryJournal(log: log))
            #expect(try session.repair(options) == nil, story)
            #expect(log.events.isEmpty, story)
            return
        }
        #expect(second.actions == [.reclaimLeaks], "\(story): a second repair")
        #expect(plan.actions != [] && !plan.actions.contains(.reclaimLeaks), story)
        let repaired = try RepairCycle(after, options)
        #expect(try RepairPlanner(options: options).plan(for: MemoryStorage(repaired.after)).isEmpty, story)
    }

    /// A finding whose action was asked for is gone, or the plan says why it stays.
    private func expectNothingLeft(_ story: Comment) {
        for finding in plan.after.findings {
            guard let name = finding.kind.repair, options.actions.contains(where: { $0.rawValue == name }) else {
                continue
            }
            switch finding.kind {
            case .trailingPartialCluster:
                // Nothing refers to it: an end of the file that is odd, and no more.
                #expect(plan.sizeAfter == plan.sizeBefore, story)
            case .clusterLeaked:
                // Between used clusters they stay leaked, as holes; at the end they are gone.
                #expect(!plan.left.isEmpty || isHole(finding), "\(story): \(finding)")
            default: #expect(!plan.left.isEmpty, "\(story): \(finding)")
            }
        }
    }

    private func isHole(_ finding: Finding) -> Bool {
        let start = Int(finding.fileOffset.rawValue)
        let count = Int(finding.clusterCount) * GuestView(after).clusterSize
        return start + count < after.count && !after[start..<start + count].contains { $0 != 0 }
    }

    /// Undo gives the bytes before, and the undo of that the bytes after.
    func expectUndo(_ story: Comment) throws {
        guard let id else { return }
        guard plan.isUndoable else {
            #expect(!plan.releases.isEmpty && !options.savesLeaked, story)
            return
        }
        let undo = try session.undo(id).id
        #expect(storage.bytes.isSame(as: before), "\(story): undo")
        let redo = try session.undo(undo).id
        #expect(storage.bytes.isSame(as: after), "\(story): undo of undo")
        _ = try session.undo(redo)
        #expect(storage.bytes.isSame(as: before), "\(story): third undo")
        #expect(storage.durable.isSame(as: before), "\(story): on disk")
        #expect(journal.rows.map(\.state) == [.done, .done, .done, .done], story)
    }
}

/// Two checks say the same.
func expectSame(_ report: CheckResult, _ other: CheckResult, _ story: Comment) {
    #expect(report.outcome == other.outcome, story)
    #expect(report.corruptions == other.corruptions, story)
    #expect(report.leaks == other.leaks, story)
    #expect(report.counts == other.counts, story)
    #expect(report.isDirty == other.isDirty, story)
    #expect(Set(report.findings) == Set(other.findings), story)
}
