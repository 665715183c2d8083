import Store

extension ImageDetails.Section {
    /// Above its table.
    var title: String {
        switch self {
        case .findings: "findings"
        case .backingChain: "backing chain"
        case .overlays: "overlays"
        case .history: "history"
        }
    }
}
