import Synchronization

@testable import PoolScan

/// Work of which each piece is a number.
final class Numbers: SharedWork {
    private let range: Range<Int>
    private let next: Atomic<Int>

    init(_ range: Range<Int>) {
        self.range = range
        next = Atomic(range.lowerBound)
    }

    var isUsedUp: Bool { next.load(ordering: .relaxed) >= range.upperBound }

    func take() -> Int? {
        let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return range.contains(number) ? number : nil
    }
}
