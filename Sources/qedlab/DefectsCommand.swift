import CommandSyntax
import Lab

/// `qedlab defects`: lists what `qedlab image --defect` takes.
struct DefectsCommand {
    static let spec = CommandSpec("defects", summary: "list the defects that an image can be given")

    func run() -> Result<Void, LabError> {
        let width = Defect.allCases.map(\.rawValue.count).max() ?? 0
        for defect in Defect.allCases {
            let gap = String(repeating: " ", count: width - defect.rawValue.count)
            print("\(defect.rawValue)\(gap)  \(defect.summary)")
        }
        return .success(())
    }
}
