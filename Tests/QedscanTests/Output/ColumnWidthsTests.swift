import Lab
import TestSupport
import Testing

@testable import qedscan

/// How a terminal's line is divided among columns, and how texts are cut to fit.
@Suite struct ColumnWidthsTests {
    @Test func tableThatFitsIsLeftAlone() {
        #expect(ColumnWidths.fit([10, 20, 46], least: [10, 20, 24], into: 80) == [10, 20, 46])
        #expect(ColumnWidths.fit([], least: [], into: 80) == [])
    }

    @Test(arguments: [
        // One long text gives way alone, and fills the line.
        ([150, 7, 5], [24, 7, 5], 80, [64, 7, 5]),
        // Two share what is left, though one is longer.
        ([150, 60, 10], [24, 24, 10], 84, [35, 35, 10]),
        ([150, 60, 10], [24, 24, 10], 85, [36, 35, 10]),
        // The shorter one stays as it is.
        ([150, 30, 10], [24, 24, 10], 100, [56, 30, 10]),
        // A number stays whole though it is the widest.
        ([50, 40], [50, 24], 80, [50, 28]),
        // What does not fit at all: the least widths.
        ([150, 50, 40], [24, 50, 24], 80, [24, 50, 24]),
        ([150], [24], 10, [24]), ([150], [24], 0, [24]), ([150], [24], 24, [24]), ([150], [24], 25, [25]),
    ]) func lineIsDividedSo(_ natural: [Int], _ least: [Int], _ line: Int, _ widths: [Int]) {
        #expect(ColumnWidths.fit(natural, least: least, into: line) == widths)
    }

    @Test func lineIsFilledAndNoColumnLeavesItsBounds() {
        let seed = Seed.value
        var random = SeededRandom(seed: seed)
        for _ in 0..<2000 {
            let natural = (0..<Int.random(in: 1...9, using: &random)).map { _ in Int.random(in: 0...200, using: &random)
            }
            let least = natural.map { Bool.random(using: &random) ? $0 : min($0, ColumnWidths.leastText) }
            let line = Int.random(in: 0...400, using: &random)
            let widths = ColumnWidths.fit(natural, least: least, into: line)
            let gaps = ColumnWidths.gap * (natural.count - 1)
            let sum = widths.reduce(0, +) + gaps
            #expect(zip(natural, zip(least, widths)).allSatisfy { $1.0 <= $1.1 && $1.1 <= $0 }, "\(seed) \(natural)")
            if natural.reduce(0, +) + gaps <= line {
                #expect(widths == natural)
            } else {
                #expect(sum == line || widths == least && sum > line, "\(seed) \(natural) \(least) \(line)")
                // Nobody who was cut got more than one column more than another who was cut.
                let cut = widths.indices.filter { widths[$0] < natural[$0] && widths[$0] > least[$0] }.map {
                    widths[$0]
                }
                #expect((cut.max() ?? 0) - (cut.min() ?? 0) <= 1, "\(seed) \(natural) \(least) \(line)")
            }
        }
    }

    // MARK: - Texts

    @Test(arguments: [
        ("/srv/vm/web.qed", 15, "/srv/vm/web.qed"), ("/srv/vm/web.qed", 14, "/srv\u{2026}m/web.qed"),
        ("/srv/vm/web.qed", 3, "/\u{2026}d"), ("abc", 1, "\u{2026}"), ("", 0, ""),
    ]) func middleIsCut(_ text: String, _ width: Int, _ expected: String) {
        #expect(MiddleEllipsis.shorten(text, to: width) == expected)
    }

    @Test(arguments: 3...40) func wideCharactersAreNotHalved(_ width: Int) {
        let text = "/\u{65E5}\u{672C}\u{8A9E}/" + String(repeating: "\u{4EEE}\u{60F3}", count: 30) + "e\u{301}.qed"
        func columns(_ text: String) -> Int {
            text.unicodeScalars.reduce(0) { $0 + ($1 == "\u{301}" ? 0 : $1.isASCII || $1 == "\u{2026}" ? 1 : 2) }
        }
        let short = MiddleEllipsis.shorten(text, to: width) { columns(String($0)) }
        #expect((width - 2...width).contains(columns(short)), "\(short)")
        let parts = short.split(separator: "\u{2026}", omittingEmptySubsequences: false)
        #expect(parts.count == 2 && text.hasPrefix(parts[0]) && text.hasSuffix(parts[1]))
    }

    @Test func longTextIsCutInOneGo() {
        let text = String(repeating: "a", count: 1 << 20)
        #expect(MiddleEllipsis.shorten(text, to: 24).count == 24)
    }
}
