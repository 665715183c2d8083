import QED

/// Extends a file that ends within a cluster to the end of the cluster, if something refers to it. The new bytes are
/// zeros.
///
/// QEMU rounds the file down instead, and drops the bytes that are there.
enum ExtendTail: PlannedAction {
    static let action = RepairAction.extendTail

    static func plan(_ draft: inout PlanDraft, reading source: any ImageSource) {
        guard draft.survey.usesPartialCluster else { return }
        draft.completeTail()
        if draft.survey.claims.l1TableIsPartial {
            // Without its L1 table no byte of the image can be read.
            draft.note(.readable, action, in: GuestRange(offset: 0, length: draft.geometry.imageSize))
        } else {
            for word in draft.survey.partialClusterUsers { draft.note(.readable, action, at: word.place) }
        }
    }
}
