import Files
import Glibc
import QED

/// Repairs one image that is open for nobody else, undoes a repair, or settles one that was interrupted.
///
/// The caller has exclusive use of the image and has waited until it was settled. From there on the order of the steps
/// is what makes it safe: nothing is changed before the journal has it on disk, copies are on disk before an entry
/// refers to them, and the dirty bit is cleared only once all the rest has been read back.
package struct RepairSession {
    private let storage: any ImageStorage
    private let path: RawPath
    private let journal: any RepairJournal
    private let limits: CheckLimits
    private let threadCount: Int

    package init(
        _ storage: any ImageStorage, path: RawPath, journal: any RepairJournal, limits: CheckLimits = CheckLimits(),
        threadCount: Int = 1
    ) {
        self.storage = storage
        self.path = path
        self.journal = journal
        self.limits = limits
        self.threadCount = threadCount
    }

    // MARK: - Repair

    /// Makes and carries out a plan.
    ///
    /// - Parameter shown: the plan that was agreed to; if another one is needed now, nothing is done.
    /// - Returns: the repair's ID and the check afterwards, nil if there was nothing to do.
    package func repair(
        _ options: RepairOptions, as shown: RepairPlan? = nil
    ) throws(RepairFailure) -> (id: RepairID, report: CheckResult)? {
        let start = try status().identity
        let plan = try checkAfresh(options, shown)
        guard !plan.isEmpty else { return nil }
        let before = try fingerprint()
        let guestMap = try guestMap(besides: plan.writes)
        let id = try writeJournal(plan, before)
        let transition = try self.transition(of: id)
        try confirmStillOurs(id, transition, since: start)
        var begun: [RepairWrite.Phase] = []
        do throws(RepairFailure) {
            for phase in [RepairWrite.Phase.detach, .tail, .pointer, .reclaim] {
                begun.append(phase)
                try transition.run(phase, .forward)
            }
            try confirm(transition, plan, guestMap: guestMap)
            begun.append(.header)
            try transition.run(.header, .forward)
        } catch {
            try takeBack(id, transition, before, begun, because: error, isReversible: plan.isUndoable)
        }
        return (id, try finishDone(id))
    }

    /// The last test before the first write: nobody has it open, nobody has changed it since it was taken, and the
    /// journal asks for nothing but changes of its tables and header. If not, nothing is written to the image.
    private func confirmStillOurs(
        _ id: RepairID, _ transition: JournalReplay, since start: FileIdentity
    ) throws(RepairFailure) {
        do throws(RepairFailure) {
            if let flaw = try JournalReview(transition, limits: limits).flaw() { throw .unexpected(flaw) }
            try storage.confirmExclusiveUse()
            guard try status().identity == start else {
                throw .refused(
                    Refusal(
                        .unchanged, "another program has just changed it", advice: "end that program, and scan it again"
                    ))
            }
        } catch {
            try journal.finish(id, RepairEnd(.rolledBack, message: "not begun: \(error)"))
            throw error
        }
    }

    private func checkAfresh(_ options: RepairOptions, _ shown: RepairPlan?) throws(RepairFailure) -> RepairPlan {
        let planner = RepairPlanner(options: options, limits: limits, threadCount: threadCount)
        let plan = try planner.plan(for: storage)
        if let shown, !plan.doesTheSame(as: shown) {
            throw .refused(
                Refusal(.check, "another repair is needed than the one that was shown", advice: "scan it again"))
        }
        return plan
    }

    private func writeJournal(_ plan: RepairPlan, _ before: ImageFingerprint) throws(RepairFailure) -> RepairID {
        let record = RepairRecord(
            path: path, actions: plan.actions, before: before, sizeAfter: plan.sizeAfter, isUndoable: plan.isUndoable,
            effects: plan.effects)
        return try journal.prepare(record) { write throws(RepairFailure) in
            try plan.forEachWrite(reading: storage, write)
        }
    }

    /// Reads everything back from the disk, before the header says that all is well.
    private func confirm(
        _ transition: JournalReplay, _ plan: RepairPlan, guestMap: [UInt8]?
    ) throws(RepairFailure) {
        try RepairFailure.wrap { () throws(SystemError) in try storage.dropCache() }
        let inspection = JournalComparison(transition)
        let words = try inspection.words(exceptHeader: true)
        let hasWords = transition.words.contains { $0.phase != .header }
        guard words == .after || !hasWords else { throw .unexpected("what was written does not read back") }
        if let offset = try inspection.firstDifferenceInTail() {
            throw .unexpected("what was written at offset \(offset) does not read back")
        }
        let report = check()
        guard report.agrees(with: plan.after) else {
            throw .unexpected("the check afterwards finds something else than was planned")
        }
        guard try self.guestMap(besides: plan.writes) == guestMap else {
            throw .unexpected("the guest map changed outside the planned entries")
        }
    }

    /// Puts everything back after an error, where that can be done, and throws the error.
    private func takeBack(
        _ id: RepairID, _ transition: JournalReplay, _ before: ImageFingerprint, _ begun: [RepairWrite.Phase],
        because failure: RepairFailure, isReversible: Bool
    ) throws(RepairFailure) -> Never {
        // What is on disk after a failed sync is unknown: left to the next start. What was given back is gone.
        if case .sync = failure { throw failure }
        guard isReversible else { throw failure }
        do throws(RepairFailure) {
            try storage.confirmExclusiveUse()
            for phase in begun.reversed() { try transition.run(phase, .backward) }
            guard try fingerprint().isSame(as: before) else { throw .unexpected("it does not read back") }
            _ = try finish(id, .rolledBack, message: failure.description)
        } catch {
            throw .unexpected("\(failure); it could not be taken back (\(error)): the next repair does that first")
        }
        throw failure
    }

    // MARK: - Undo

    /// Puts back exactly what a repair changed. The journal has said that it is the one to be undone next.
    ///
    /// The image must be as the last repair left it, times included: a guest that has written in place since does not
    /// change any metadata.
    ///
    /// - Returns: the undo's own ID and the check afterwards.
    package func undo(_ id: RepairID) throws(RepairFailure) -> (id: RepairID, report: CheckResult) {
        let (repair, now) = try confirmUndoable(id)
        let transition = try self.transition(of: repair.writesID)
        let root = try journal.repair(repair.writesID)
        let record = RepairRecord(
            path: path, undoes: id, actions: repair.record.actions, before: now,
            sizeAfter: repair.record.before.identity.size, isUndoable: repair.record.isUndoable, effects: [])
        let undoID = try journal.prepare(record) { _ throws(RepairFailure) in }
        try confirmStillOurs(undoID, transition, since: now.identity)
        // An error leaves it prepared: the next start goes on or back.
        try transition.run(repair.direction.reversed)
        try RepairFailure.wrap { () throws(SystemError) in try storage.dropCache() }
        let restored = repair.direction == .forward ? root?.record.before : root?.after
        if let restored, try !fingerprint().isSame(as: restored) {
            throw .unexpected("what was put back does not read back")
        }
        return (undoID, try finishDone(undoID))
    }

    /// What an undo asks of the journal and the image before it writes anything, without exclusive use of the image.
    ///
    /// - Throws: `RepairFailure.refused` if the image is not as the repair left it, `.unexpected` if the journal is
    ///   damaged.
    package func reviewUndo(_ id: RepairID) throws(RepairFailure) {
        let (repair, _) = try confirmUndoable(id)
        let transition = try self.transition(of: repair.writesID)
        if let flaw = try JournalReview(transition, limits: limits).flaw() { throw .unexpected(flaw) }
    }

    /// The repair, and the image as it is: as the last repair left it, and as this one did.
    private func confirmUndoable(
        _ id: RepairID
    ) throws(RepairFailure) -> (repair: JournaledRepair, now: ImageFingerprint) {
        guard let repair = try journal.repair(id), repair.state == .done else {
            throw .refused(Refusal(.journal, "repair \(id) is not done"))
        }
        guard let last = try journal.lastFingerprint(since: id) else {
            throw .refused(Refusal(.journal, "the image was used between that repair and a later one"))
        }
        let now = try confirmUnchanged(since: last)
        // With repairs and undos in between it must also be what this very repair left.
        guard let after = repair.after, now.isSame(as: after) else { throw .refused(RepairSession.hasChanged) }
        return (repair, now)
    }

    private func confirmUnchanged(since after: ImageFingerprint) throws(RepairFailure) -> ImageFingerprint {
        let now = try fingerprint()
        // Not the device: a restart may number it anew.
        let isSame =
            now.identity.inode == after.identity.inode
            && now.identity.modificationTime == after.identity.modificationTime && now.isSame(as: after)
        guard isSame else { throw .refused(RepairSession.hasChanged) }
        return now
    }

    private static let hasChanged = Refusal(
        .unchanged, "the image has changed since the repair, which cannot be undone any more")

    // MARK: - Interrupted repairs

    /// Settles a repair that a crash or an error left `prepared`: back to where it began, or on to its end if what it
    /// gave back is gone. If the image is neither as before nor as after it, nothing is touched: `conflict`.
    ///
    /// - Returns: how it stands then, and why.
    package func settle(_ id: RepairID) throws(RepairFailure) -> (state: RepairState, message: String) {
        guard let repair = try journal.repair(id), repair.state == .prepared,
            let root = try journal.repair(repair.writesID)?.record
        else { throw .refused(Refusal(.journal, "repair \(id) is not under way")) }
        let transition = try self.transition(of: repair.writesID)
        if let conflict = try conflict(transition, root) {
            try journal.finish(id, RepairEnd(.conflict, message: conflict))
            return (.conflict, conflict)
        }
        let start = try status().identity
        let release = try JournalComparison(transition).release()
        try storage.confirmExclusiveUse()
        guard try status().identity == start else { throw .refused(RepairSession.hasChanged) }
        let direction: RepairDirection = release == .begun ? .forward : .backward
        switch release {
        case .none, .saved: try transition.run(.backward)
        // Nothing was given back yet, and nothing is: it was asked for then, not now.
        case .notBegun: try transition.run(.header, .backward)
        case .begun:
            try transition.run(.reclaim, .forward)
            let report = check()
            guard report.corruptions == 0, report.checkErrors == 0, report.stop == nil else {
                throw .unexpected("leaks were given back, and the check afterwards finds more than leaks")
            }
            try transition.run(.header, .forward)
        }
        try RepairFailure.wrap { () throws(SystemError) in try storage.dropCache() }
        if direction == .backward, try !fingerprint().isSame(as: root.before) {
            throw .unexpected("what was put back does not read back")
        }
        let state: RepairState = direction == repair.direction ? .done : .rolledBack
        let message = "interrupted; \(state == .done ? "brought to its end" : "taken back") at the next start"
        _ = try finish(id, state, message: message)
        return (state, message)
    }

    /// Why an interrupted repair must not be touched, nil if it may: somebody has used the image since.
    private func conflict(_ transition: JournalReplay, _ root: RepairRecord) throws(RepairFailure) -> String? {
        let identity = try status().identity
        let before = root.before.identity
        guard identity.inode == before.inode else { return "it is another file now" }
        let sizes = min(transition.sizeBefore, transition.sizeAfter)...max(transition.sizeBefore, transition.sizeAfter)
        guard sizes.contains(identity.size) else { return "the file's size is \(identity.size), which it never had" }
        if let flaw = try JournalReview(transition, limits: limits).flaw() { return flaw }
        let inspection = JournalComparison(transition)
        if case .foreign(let offset) = try inspection.words() {
            return "what stands at offset \(offset) is neither what was there before the repair nor what it wrote"
        }
        let imageBefore = try MetadataDigest.fingerprint(
            of: transition.imageBefore, identity: before, limits: limits)
        guard imageBefore.isSame(as: root.before) else { return "its tables have changed since" }
        if let offset = try inspection.firstByteInPartialCluster() {
            return "what was missing of the last cluster has been written to since, at offset \(offset)"
        }
        if try inspection.refersToTail(), let offset = try inspection.firstDifferenceInTail() {
            return "the copy at offset \(offset) has been written to since"
        }
        return nil
    }

    // MARK: - Parts

    private func transition(of id: RepairID) throws(RepairFailure) -> JournalReplay {
        guard let root = try journal.repair(id) else { throw .journal("repair \(id) is not in the journal") }
        return try JournalReplay(storage, journal, root: root)
    }

    /// A digest of where every guest byte is read from, the entries that writes change aside; nil without tables.
    private func guestMap(besides writes: [RepairWrite]) throws(RepairFailure) -> [UInt8]? {
        let header = try RepairFailure.wrap { () throws(SystemError) in try HeaderPass.readHeader(storage) }
        let whole = OverlaySource(completing: storage, header: header)
        guard let geometry = Geometry.ofUsable(header, fileSize: whole.size) else { return nil }
        let masked = writes.flatMap { write -> [UInt64] in
            guard case .words(let before, _) = write.content else { return [] }
            return (0..<UInt64(before.count / 8)).map { write.offset + $0 * 8 }
        }
        return try TableDigest.digest(of: whole, geometry: geometry, masking: masked, limits: limits)
    }

    private func fingerprint() throws(RepairFailure) -> ImageFingerprint {
        try MetadataDigest.fingerprint(of: storage, identity: try status().identity, limits: limits)
    }

    private func status() throws(RepairFailure) -> FileStatus {
        try RepairFailure.wrap { () throws(SystemError) in try storage.status() }
    }

    private func check() -> CheckResult { Checker(limits: limits, threadCount: threadCount).check(storage) }

    private func finishDone(_ id: RepairID) throws(RepairFailure) -> CheckResult {
        do throws(RepairFailure) {
            return try finish(id, .done)
        } catch {
            guard case .journal(let message) = error else { throw error }
            throw .journal("the image is changed as planned, but \(message): the next repair takes it back first")
        }
    }

    /// Checks the image once more for the store, and commits how the repair ended.
    private func finish(
        _ id: RepairID, _ state: RepairState, message: String? = nil
    ) throws(RepairFailure) -> CheckResult {
        // The times of the file as well: an undo asks for them.
        do throws(SystemError) {
            try storage.sync()
        } catch {
            throw .sync(error)
        }
        let (checkedAt, start) = (Clock.wall.now, Clock.monotonic.now)
        let report = check()
        let duration = Clock.monotonic.now - start
        let check = RepairCheck(status: try status(), report: report, checkedAt: checkedAt, duration: duration)
        try journal.finish(id, RepairEnd(state, message: message, after: try fingerprint(), check: check))
        return report
    }
}

extension ImageFingerprint {
    /// Whether header, tables and size are the same.
    func isSame(as other: ImageFingerprint) -> Bool {
        header == other.header && metadata == other.metadata && identity.size == other.identity.size
    }
}

extension CheckResult {
    /// Whether another check of the tables found the same.
    fileprivate func agrees(with planned: CheckResult) -> Bool {
        corruptions == planned.corruptions && leaks == planned.leaks && checkErrors == planned.checkErrors
            && counts == planned.counts && outcome == planned.outcome
            && findings.filter { $0.kind.pass == .table } == planned.findings.filter { $0.kind.pass == .table }
    }
}
