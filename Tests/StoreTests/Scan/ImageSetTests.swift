import Testing

@testable import Store

/// Sets of row IDs.
@Suite struct ImageSetTests {
    @Test(
        arguments: [
            ([], [], [.min ... .max]), ([3], [3...3], [.min...2, 4 ... .max]),
            ([5, 1, 2, 4, 2], [1...2, 4...5], [.min...0, 3...3, 6 ... .max]),
            ([.max, .min, .max - 1], [.min ... .min, (.max - 1) ... .max], [(.min + 1)...(.max - 2)]),
        ] as [([Int64], [ClosedRange<Int64>], [ClosedRange<Int64>])])
    func runsAndGapsAreThoseOfTheIDs(_ ids: [Int64], runs: [ClosedRange<Int64>], gaps: [ClosedRange<Int64>]) {
        let set = ImageSet(ids)
        #expect(set.runs == runs)
        #expect(set.gaps == gaps)
    }

    @Test func runsThatOverlapOrTouchBecomeOne() {
        #expect(ImageSet([7...9, 1...5, 2...3, 6...6, 11...12, .min...0]).runs == [.min...9, 11...12])
    }
}
