import Corpus
import Glibc
import NaiveCheck
import QED
import TestSupport
import Testing

/// Every field of small images, changed in eight ways, and checked by us and by the naive check. Of the entries that are
/// 0 only a sample is changed: `QEDSCAN_FIELD_CASES=all` takes all.
@Suite struct FieldTests {
    @Test(arguments: FieldLayout.chosen)
    func everyChangeOfAFieldIsJudgedAsTheSpecificationSays(_ layout: FieldLayout) throws {
        let scratch = try TemporaryDirectory()
        try layout.write(to: scratch.file())
        let image = try FieldImage(path: scratch.file())
        let (fast, exact) = (Checker(), Checker(usesFastPass: false))
        var bytes = image.bytes
        var outcomes: [NaiveReport.Outcome: Int] = [:]
        func expectAgreement(_ story: @autoclosure () -> Comment) {
            let naive = NaiveReport(bytes)
            outcomes[naive.outcome, default: 0] += 1
            for checker in [fast, exact] {
                let difference = naive.disagreement(with: checker.check(ByteSource(bytes: bytes)))
                #expect(difference == nil, story())
            }
        }
        expectAgreement("unchanged")
        let cases = image.cases(unused: FieldSample.unused(500), seed: Seed.value)
        for fieldCase in cases {
            fieldCase.apply(to: &bytes)
            expectAgreement("QEDSCAN_SEED=\(Seed.value), \(layout): \(fieldCase)")
            fieldCase.revert(in: &bytes)
        }
        let counts = outcomes.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($1) \($0.rawValue)" }
        print("\(layout): \(cases.count) changes checked, \(counts.joined(separator: ", "))")
        #expect(outcomes[.corrupt, default: 0] > 50 && outcomes[.invalid, default: 0] > 20)
        // All bits, the high one and the middle one are so whatever stood there.
        #expect(outcomes[.unsupported, default: 0] >= 3)
    }

    @Test func layoutsHaveAllOutcomesBeforeTheyAreChanged() throws {
        let scratch = try TemporaryDirectory()
        var outcomes: Set<NaiveReport.Outcome> = []
        for layout in FieldLayout.all {
            try layout.write(to: scratch.file())
            outcomes.insert(try NaiveReport(path: scratch.file()).outcome)
        }
        #expect(outcomes == [.clean, .leaking, .corrupt])
        #expect(Set(FieldLayout.all.map(\.name)).count == FieldLayout.all.count)
    }
}

/// An image in memory, without holes.
private struct ByteSource: ImageSource {
    let bytes: [UInt8]

    var size: UInt64 { UInt64(bytes.count) }
    var diskSize: UInt64 { size }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) -> Int {
        guard let start = Int(exactly: offset.rawValue), start < bytes.count else { return 0 }
        let count = min(buffer.count, bytes.count - start)
        return bytes.withUnsafeBytes { source in
            guard count > 0, let target = buffer.baseAddress, let base = source.baseAddress else { return 0 }
            memcpy(target, base + start, count)
            return count
        }
    }

    func nextData(from offset: ByteOffset) -> Range<UInt64>? {
        offset.rawValue < size ? offset.rawValue..<size : nil
    }
}
