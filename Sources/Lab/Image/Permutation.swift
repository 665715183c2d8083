/// A seeded permutation of 0..<count that needs no table: a Feistel network over a rectangle of about `count` cells,
/// walked on from the few cells that lie past the end.
struct Permutation {
    private static let rounds = 4

    private let count: UInt64
    private let width: UInt64
    private let height: UInt64
    private let seed: UInt64

    init(count: UInt64, seed: UInt64) {
        self.count = count
        width = max(UInt64(Double(count).squareRoot().rounded(.up)), 1)
        height = max(count / width + (count % width == 0 ? 0 : 1), 1)
        self.seed = seed
    }

    /// Where an index goes. The index must be less than `count`.
    @inline(__always)
    subscript(index: UInt64) -> UInt64 {
        var cell = index
        repeat { cell = step(cell) } while cell >= count
        return cell
    }

    @inline(__always)
    private func step(_ cell: UInt64) -> UInt64 {
        var (row, column) = cell.quotientAndRemainder(dividingBy: width)
        var round: UInt64 = 0
        while round < UInt64(Permutation.rounds) {
            column += Permutation.below(width, SeededRandom.value(seed: seed &+ round, index: row))
            if column >= width { column -= width }
            row += Permutation.below(height, SeededRandom.value(seed: ~seed &+ round, index: column))
            if row >= height { row -= height }
            round += 1
        }
        return row * width + column
    }

    /// 64 random bits brought into 0..<limit.
    @inline(__always)
    private static func below(_ limit: UInt64, _ bits: UInt64) -> UInt64 { limit.multipliedFullWidth(by: bits).high }
}
