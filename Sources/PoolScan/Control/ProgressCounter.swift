import Files
import ScanModel
import Synchronization

/// Counts what a scan does; any thread may read it while the scan runs.
package final class ProgressCounter: Sendable {
    private let directoryCount = Atomic<Int>(0)
    private let fileCount = Atomic<Int>(0)
    private let imageCount = Atomic<Int>(0)
    private let reusedCount = Atomic<Int>(0)
    private let problemCount = Atomic<Int>(0)
    private let byteCount = Atomic<UInt64>(0)
    /// By numbers that are never used again.
    private let current = Locked<(next: Int, images: [Int: CurrentImage])>((0, [:]))

    package init() {}

    /// How far the scan is now.
    package func now(expecting expectedImages: Int?) -> ScanProgress {
        var progress = ScanProgress()
        progress.directories = directories
        progress.files = files
        progress.images = images
        progress.reused = reused
        progress.problems = problems
        progress.bytesRead = bytesRead
        progress.expectedImages = expectedImages
        progress.currentImages = currentImages
        return progress
    }

    /// Directories read.
    package var directories: Int { directoryCount.load(ordering: .relaxed) }
    /// Regular files looked at, images or not.
    package var files: Int { fileCount.load(ordering: .relaxed) }
    /// Images done, including those with a reused result.
    package var images: Int { imageCount.load(ordering: .relaxed) }
    /// The images among them whose earlier result was reused.
    package var reused: Int { reusedCount.load(ordering: .relaxed) }
    /// Images that are not clean, and paths that could not be read.
    package var problems: Int { problemCount.load(ordering: .relaxed) }
    /// Bytes of tables read.
    package var bytesRead: UInt64 { byteCount.load(ordering: .relaxed) }

    /// The images that are being checked, those that began first at the front.
    package var currentImages: [CurrentImage] {
        current.withLock { Array($0.images.values) }.sorted { ($0.since, $0.path) < ($1.since, $1.path) }
    }

    /// Notes that a check begins; `end` takes what this returns.
    func begin(_ image: CurrentImage) -> Int {
        current.withLock { current in
            current.next += 1
            current.images[current.next] = image
            return current.next
        }
    }

    func end(_ place: Int) {
        current.withLock { current in current.images[place] = nil }
    }

    func addDirectory() { directoryCount.add(1, ordering: .relaxed) }
    func addFiles(_ count: Int) { fileCount.add(count, ordering: .relaxed) }
    func addBytesRead(_ count: UInt64) { byteCount.wrappingAdd(count, ordering: .relaxed) }

    func add(_ event: ScanEvent) {
        imageCount.add(event.imageCount, ordering: .relaxed)
        if case .reused(let images) = event { reusedCount.add(images.count, ordering: .relaxed) }
        problemCount.add(event.problemCount, ordering: .relaxed)
    }
}
