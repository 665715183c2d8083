import Files
import QED

/// Gives clusters that nothing refers to back to the file system: cuts the end of the file, and makes holes of the
/// others.
///
/// It does so only if nothing else is wrong or unknown: a leaked cluster may hold the right data of a shared one.
enum ReclaimLeaks: PlannedAction {
    static let action = RepairAction.reclaimLeaks

    static func plan(_ draft: inout PlanDraft, reading source: any ImageSource) throws(RepairFailure) {
        var leaked: [Range<UInt64>] = []
        let geometry = draft.geometry
        draft.survey.map.forEachUnmarkedRun(from: geometry.firstRegularCluster) { start, count in
            let offset = geometry.offset(of: start).rawValue
            leaked.append(offset..<offset + count * geometry.clusterSize)
        }
        guard !leaked.isEmpty else { return }
        let header = draft.survey.header
        guard draft.survey.isSound, draft.words.isEmpty, header.compatFeatures == 0, header.autoclearFeatures == 0
        else {
            return draft.leave(
                leaked.count, because: "leaked clusters are given back only if nothing else is wrong or unknown")
        }
        guard draft.survey.claims.tableCount > 0 else {
            return draft.leave(leaked.count, because: "no L2 table is left, and the leaked clusters may hold all data")
        }
        guard !draft.report.hasLostTables else {
            return draft.leave(leaked.count, because: "the leaked clusters hold lost tables and their data")
        }
        let end = draft.survey.fileSize
        if let tail = leaked.last, tail.upperBound >= end {
            leaked.removeLast()
            draft.cut(to: tail.lowerBound)
            leaked.append(tail.lowerBound..<end)
        }
        for range in leaked { try releaseData(in: range, of: &draft, reading: source) }
    }

    /// Gives back what is not a hole already.
    private static func releaseData(
        in range: Range<UInt64>, of draft: inout PlanDraft, reading source: any ImageSource
    ) throws(RepairFailure) {
        var position = range.lowerBound
        while position < range.upperBound {
            do throws(SystemError) {
                guard let data = try source.nextData(from: ByteOffset(position)) else { return }
                let start = max(data.lowerBound, position)
                let end = min(max(data.upperBound, start.saturatingAdd(1)), range.upperBound)
                guard start < end else { return }
                draft.release(start..<end)
                position = end
            } catch {
                throw .image(error)
            }
        }
    }
}
