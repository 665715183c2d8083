import Synchronization

/// How far a scan has come; any thread may read it while the scan runs.
package final class Progress: Sendable {
    private let directoryCount = Atomic<Int>(0)
    private let fileCount = Atomic<Int>(0)
    private let imageCount = Atomic<Int>(0)
    private let problemCount = Atomic<Int>(0)
    private let byteCount = Atomic<UInt64>(0)

    package init() {}

    /// Directories read.
    package var directories: Int { directoryCount.load(ordering: .relaxed) }
    /// Regular files looked at, images or not.
    package var files: Int { fileCount.load(ordering: .relaxed) }
    /// Images done, with reused results.
    package var images: Int { imageCount.load(ordering: .relaxed) }
    /// Images that are not clean, and paths that could not be read.
    package var problems: Int { problemCount.load(ordering: .relaxed) }
    /// Bytes of tables read.
    package var bytesRead: UInt64 { byteCount.load(ordering: .relaxed) }

    func addDirectory() { directoryCount.add(1, ordering: .relaxed) }
    func addFile() { fileCount.add(1, ordering: .relaxed) }
    func addBytesRead(_ count: UInt64) { byteCount.wrappingAdd(count, ordering: .relaxed) }

    func add(_ event: ScanEvent) {
        if event.isImage { imageCount.add(1, ordering: .relaxed) }
        if event.isProblem { problemCount.add(1, ordering: .relaxed) }
    }
}
