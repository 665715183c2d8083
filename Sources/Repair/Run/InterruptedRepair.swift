import Files

/// A repair or an undo that a crash or an error has left `prepared`, and its recovery.
struct InterruptedRepair {
    private let id: RepairID
    private let image: JournaledImage

    init(_ id: RepairID, of image: JournaledImage) {
        self.id = id
        self.image = image
    }

    /// Rolls the repair back, or completes it if the bytes that it gave back are gone. If the image has been used
    /// since, nothing is changed: `conflict`.
    func recover() throws(RepairFailure) -> (state: RepairState, message: String) {
        guard let repair = try image.journal.repair(id), repair.state == .prepared,
            let root = try image.journal.repair(repair.writesID)?.record
        else { throw .refused(Refusal(.journal, "repair \(id) is not interrupted")) }
        let replay = try image.replay(of: repair.writesID)
        if let conflict = try conflict(replay, root) {
            try image.journal.finish(id, RepairEnd(.conflict, message: conflict))
            return (.conflict, conflict)
        }
        let start = try image.status().identity
        let release = try JournalComparison(replay).release()
        try image.storage.confirmExclusiveUse()
        guard try image.status().identity == start else { throw .refused(JournaledImage.hasChanged) }
        let direction: RepairDirection = release == .begun ? .forward : .backward
        switch release {
        case .none, .saved: try replay.run(.backward)
        // Nothing has been given back yet. It was asked for then, not now, so that is left out.
        case .notBegun: try replay.run(.header, .backward)
        case .begun:
            try replay.run(.reclaim, .forward)
            let report = image.check()
            guard report.corruptions == 0, report.checkErrors == 0, report.stop == nil else {
                throw .unexpected("leaked clusters were given back, and the check afterwards finds more than leaks")
            }
            try replay.run(.header, .forward)
        }
        try RepairFailure.wrap { () throws(SystemError) in try image.storage.dropCache() }
        if direction == .backward, try !image.fingerprint().isSame(as: root.before) {
            throw .unexpected("the bytes that were put back are not on disk")
        }
        let state: RepairState = direction == repair.direction ? .done : .rolledBack
        let message = "interrupted; \(state == .done ? "completed" : "rolled back") at the next start"
        _ = try image.finish(id, state, message: message)
        return (state, message)
    }

    /// Why the image must not be changed: somebody has used it since. nil if nobody has.
    private func conflict(_ replay: JournalReplay, _ root: RepairRecord) throws(RepairFailure) -> String? {
        let identity = try image.status().identity
        let before = root.before.identity
        guard identity.isSameFile(onAnyDevice: before) else { return "it is another file now" }
        let sizes = min(replay.sizeBefore, replay.sizeAfter)...max(replay.sizeBefore, replay.sizeAfter)
        guard sizes.contains(identity.size) else {
            return "the file has \(identity.size) bytes, a size that the repair does not make"
        }
        if let flaw = try JournalReview(replay, limits: image.limits).flaw() { return flaw }
        let comparison = JournalComparison(replay)
        if case .foreign(let offset) = try comparison.words() {
            return "offset \(offset) holds neither the bytes before the repair nor those that it wrote"
        }
        let imageBefore = try MetadataDigest.fingerprint(
            of: replay.imageBefore, identity: before, limits: image.limits)
        guard imageBefore.isSame(as: root.before) else { return "its tables have changed since" }
        if let offset = try comparison.firstByteInPartialCluster() {
            return "the missing part of the last cluster has been written to since, at offset \(offset)"
        }
        if try comparison.refersToTail(), let offset = try comparison.firstDifferenceInTail() {
            return "the copy at offset \(offset) has been written to since"
        }
        return nil
    }
}
