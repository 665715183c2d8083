import Files
import Glibc
import QED

/// Repairs one image that nobody else has open, undoes a repair, or recovers one that was interrupted.
///
/// The caller has exclusive use of the image and has waited until it was quiet. The order of the steps makes the rest
/// safe: nothing is changed before the journal has it on disk, copies are on disk before an entry refers to them, and
/// the dirty bit is cleared only after everything else has been read back.
package struct RepairSession {
    private let path: RawPath
    private let image: JournaledImage

    package init(
        _ storage: any ImageStorage, path: RawPath, journal: any RepairJournal, limits: CheckLimits = CheckLimits(),
        threadCount: Int = 1
    ) {
        self.path = path
        image = JournaledImage(storage: storage, journal: journal, limits: limits, threadCount: threadCount)
    }

    // MARK: - Repair

    /// Makes and carries out a plan.
    ///
    /// - Parameter shown: the plan that the user has agreed to. If a different one is needed now, nothing is done.
    /// - Returns: the repair's ID and the check afterwards; nil if there was nothing to do.
    package func repair(
        _ options: RepairOptions, as shown: RepairPlan? = nil
    ) throws(RepairFailure) -> (id: RepairID, report: CheckResult)? {
        let start = try image.status().identity
        let plan = try checkAfresh(options, shown)
        guard !plan.isEmpty else { return nil }
        let before = try image.fingerprint()
        let guestMap = try image.guestMap(besides: plan.writes)
        let id = try writeJournal(plan, before)
        let replay = try image.replay(of: id)
        try confirmStillOurs(id, replay, since: start)
        var begun: [RepairWrite.Phase] = []
        do throws(RepairFailure) {
            for phase in RepairWrite.Phase.allCases where phase != .header {
                begun.append(phase)
                try replay.run(phase, .forward)
            }
            try confirm(replay, plan, guestMap: guestMap)
            begun.append(.header)
            try replay.run(.header, .forward)
        } catch {
            try rollBack(id, replay, before, begun, because: error, isReversible: plan.isUndoable)
        }
        return (id, try image.finishDone(id))
    }

    /// The last test before the first write: nobody else has the image open, nobody has changed it since it was locked,
    /// and the journal asks only for changes to its tables and header. If the test fails, nothing is written to the
    /// image.
    private func confirmStillOurs(
        _ id: RepairID, _ replay: JournalReplay, since start: FileIdentity
    ) throws(RepairFailure) {
        do throws(RepairFailure) {
            if let flaw = try JournalReview(replay, limits: image.limits).flaw() { throw .unexpected(flaw) }
            try image.storage.confirmExclusiveUse()
            guard try image.status().identity == start else {
                throw .refused(
                    Refusal(
                        .unchanged, "another program has just changed it", advice: "end that program and scan it again"
                    ))
            }
        } catch {
            try image.journal.finish(id, RepairEnd(.rolledBack, message: "not begun: \(error)"))
            throw error
        }
    }

    private func checkAfresh(_ options: RepairOptions, _ shown: RepairPlan?) throws(RepairFailure) -> RepairPlan {
        let planner = RepairPlanner(options: options, limits: image.limits, threadCount: image.threadCount)
        let plan = try planner.plan(for: image.storage)
        if let shown, !plan.doesTheSame(as: shown) {
            throw .refused(
                Refusal(.check, "the plan is no longer the one that was shown", advice: Advice.scanAgain))
        }
        return plan
    }

    private func writeJournal(_ plan: RepairPlan, _ before: ImageFingerprint) throws(RepairFailure) -> RepairID {
        let record = RepairRecord(
            path: path, actions: plan.actions, before: before, sizeAfter: plan.sizeAfter, isUndoable: plan.isUndoable,
            effects: plan.effects)
        return try image.journal.prepare(record) { write throws(RepairFailure) in
            try plan.forEachWrite(reading: image.storage, write)
        }
    }

    /// Reads everything back from disk before the dirty bit is cleared.
    private func confirm(
        _ replay: JournalReplay, _ plan: RepairPlan, guestMap: [UInt8]?
    ) throws(RepairFailure) {
        try RepairFailure.wrap { () throws(SystemError) in try image.storage.dropCache() }
        let comparison = JournalComparison(replay)
        let words = try comparison.words(exceptHeader: true)
        let hasWords = replay.words.contains { $0.phase != .header }
        guard words == .after || !hasWords else {
            throw .unexpected("the changes are not on disk as they were written")
        }
        if let offset = try comparison.firstDifferenceInTail() {
            throw .unexpected("the bytes at offset \(offset) are not on disk as they were written")
        }
        let report = image.check()
        guard report.agrees(with: plan.after) else {
            throw .unexpected("the check afterwards differs from what was planned")
        }
        guard try image.guestMap(besides: plan.writes) == guestMap else {
            throw .unexpected("the map of the guest's disk has changed beyond the planned entries")
        }
    }

    /// Rolls the repair back after an error, if that is possible, and throws the error.
    private func rollBack(
        _ id: RepairID, _ replay: JournalReplay, _ before: ImageFingerprint, _ begun: [RepairWrite.Phase],
        because failure: RepairFailure, isReversible: Bool
    ) throws(RepairFailure) -> Never {
        // After a failed sync nobody knows what is on disk: recovery is left to the next start. Clusters that were
        // given back are gone.
        if case .sync = failure { throw failure }
        guard isReversible else { throw failure }
        do throws(RepairFailure) {
            try image.storage.confirmExclusiveUse()
            for phase in begun.reversed() { try replay.run(phase, .backward) }
            guard try image.fingerprint().isSame(as: before) else { throw .unexpected("the old bytes are not on disk") }
            _ = try image.finish(id, .rolledBack, message: failure.description)
        } catch {
            throw .unexpected("\(failure); it could not be rolled back (\(error)): the next repair does that first")
        }
        throw failure
    }

    // MARK: - Undo

    /// Puts back exactly what a repair has changed. The caller has made sure that it is the next one to undo.
    ///
    /// The image must be as the last repair left it, times included: a guest that has written in place since has
    /// changed no metadata.
    ///
    /// - Returns: the ID of the undo and the check afterwards.
    package func undo(_ id: RepairID) throws(RepairFailure) -> (id: RepairID, report: CheckResult) {
        let (repair, now) = try confirmUndoable(id)
        let replay = try image.replay(of: repair.writesID)
        let root = try image.journal.repair(repair.writesID)
        let record = RepairRecord(
            path: path, undoes: id, actions: repair.record.actions, before: now,
            sizeAfter: repair.record.before.identity.size, isUndoable: repair.record.isUndoable, effects: [])
        let undoID = try image.journal.prepare(record) { _ throws(RepairFailure) in }
        try confirmStillOurs(undoID, replay, since: now.identity)
        // An error leaves it prepared, for the next start to recover.
        try replay.run(repair.direction.reversed)
        try RepairFailure.wrap { () throws(SystemError) in try image.storage.dropCache() }
        let restored = repair.direction == .forward ? root?.record.before : root?.after
        if let restored, try !image.fingerprint().isSame(as: restored) {
            throw .unexpected("the bytes that were put back are not on disk")
        }
        return (undoID, try image.finishDone(undoID))
    }

    /// Tests the journal and the image as an undo does before it writes, without exclusive use of the image.
    ///
    /// - Throws: `RepairFailure.refused` if the image is not as the repair left it, `.unexpected` if the journal is
    ///   damaged.
    package func reviewUndo(_ id: RepairID) throws(RepairFailure) {
        let (repair, _) = try confirmUndoable(id)
        let replay = try image.replay(of: repair.writesID)
        if let flaw = try JournalReview(replay, limits: image.limits).flaw() { throw .unexpected(flaw) }
    }

    /// The repair, and the fingerprint of the image, which must be as this repair and the latest one have left it.
    private func confirmUndoable(
        _ id: RepairID
    ) throws(RepairFailure) -> (repair: JournaledRepair, now: ImageFingerprint) {
        guard let repair = try image.journal.repair(id), repair.state == .done else {
            throw .refused(Refusal(.journal, "repair \(id) is not done"))
        }
        guard let last = try image.journal.lastFingerprint(since: id) else {
            throw .refused(Refusal(.journal, "the image was used between that repair and a later one"))
        }
        let now = try confirmUnchanged(since: last)
        // With repairs and undos in between, it must also be what this very repair has left.
        guard let after = repair.after, now.isSame(as: after) else { throw .refused(JournaledImage.hasChanged) }
        return (repair, now)
    }

    private func confirmUnchanged(since after: ImageFingerprint) throws(RepairFailure) -> ImageFingerprint {
        let now = try image.fingerprint()
        // A restart may give the device another number.
        let isSame =
            now.identity.isSameFile(onAnyDevice: after.identity)
            && now.identity.modificationTime == after.identity.modificationTime && now.isSame(as: after)
        guard isSame else { throw .refused(JournaledImage.hasChanged) }
        return now
    }

    // MARK: - Recovery

    /// Recovers a repair that a crash or an error has left `prepared`: it is rolled back, or completed if the bytes
    /// that it gave back are gone. If the image has been used since, nothing is changed: `conflict`.
    ///
    /// - Returns: the state of the repair then, and why.
    package func recover(_ id: RepairID) throws(RepairFailure) -> (state: RepairState, message: String) {
        try InterruptedRepair(id, of: image).recover()
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
