import QED
import Repair
import Testing

struct RepairActionTests {
    @Test func everyRepairThatAFindingNamesIsAnAction() {
        let names = Set(FindingKind.allCases.compactMap(\.repair))
        #expect(names.isSubset(of: Set(RepairAction.allCases.map(\.rawValue))))
    }

    @Test func defaultActionsLoseNothingReadable() {
        for action in RepairAction.allCases where action.isDefault {
            #expect(action.loss != .leakedBytes)
        }
    }
}
