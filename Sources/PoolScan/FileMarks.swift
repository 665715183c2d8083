import Synchronization

/// A mark for each of so many files, set once by whoever comes first.
/// `@unchecked Sendable`: the marks are atomic, and where they are does not change.
final class FileMarks: @unchecked Sendable {
    private let marks: UnsafeMutableBufferPointer<Atomic<Bool>>

    init(count: Int) {
        marks = .allocate(capacity: count)
        for index in 0..<count { marks.initializeElement(at: index, to: Atomic(false)) }
    }

    deinit {
        marks.deinitialize()
        marks.deallocate()
    }

    /// True for the first that sets it.
    func set(_ index: Int) -> Bool { !marks[index].exchange(true, ordering: .relaxed) }
}
