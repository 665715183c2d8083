/// Where repairs are written down before they are made.
///
/// Every function that changes the journal returns only when the change is on disk.
package protocol RepairJournal {
    /// Adds a repair with state `prepared` and its writes, all or nothing, and returns its ID.
    ///
    /// - Parameter writes: calls its argument with each write.
    func prepare(
        _ record: RepairRecord, writes: ((RepairWrite) throws(RepairFailure) -> Void) throws(RepairFailure) -> Void
    ) throws(RepairFailure) -> RepairID

    /// A repair, nil if there is none with this ID.
    func repair(_ id: RepairID) throws(RepairFailure) -> JournaledRepair?

    /// The image of a repair as the last one of that image left it, done or rolled back; nil if that is not known, or if
    /// the image was used in between: each later repair must have begun with what the one before it left.
    func lastFingerprint(since id: RepairID) throws(RepairFailure) -> ImageFingerprint?

    /// Calls a function with the writes of one step, in the order of `prepare`.
    func forEachWrite(
        of id: RepairID, in phase: RepairWrite.Phase, _ body: (RepairWrite) throws(RepairFailure) -> Void
    ) throws(RepairFailure)

    /// Fills in how a repair ended.
    func finish(_ id: RepairID, _ end: RepairEnd) throws(RepairFailure)
}
