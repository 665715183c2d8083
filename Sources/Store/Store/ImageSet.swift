/// A set of images by their row IDs, as runs of IDs that follow each other: of a pool that has not changed there are few.
struct ImageSet {
    /// In their order, with something between each two.
    private(set) var runs: [ClosedRange<Int64>] = []

    init(_ ids: [Int64]) { self.init(ids.map { $0...$0 }) }

    /// Of runs in any order, which may overlap.
    init(_ runs: [ClosedRange<Int64>]) {
        for run in runs.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.runs.last, run.lowerBound == .min || run.lowerBound - 1 <= last.upperBound {
                self.runs[self.runs.count - 1] = last.lowerBound...max(last.upperBound, run.upperBound)
            } else {
                self.runs.append(run)
            }
        }
    }

    /// What is between the runs, before the first and after the last.
    var gaps: [ClosedRange<Int64>] {
        var gaps: [ClosedRange<Int64>] = []
        var next = Int64.min
        for run in runs {
            if next < run.lowerBound { gaps.append(next...(run.lowerBound - 1)) }
            guard run.upperBound < .max else { return gaps }
            next = run.upperBound + 1
        }
        return gaps + [next...(.max)]
    }
}
