import Files
import Glibc
import QED

/// What a scan looks at, and how.
package struct ScanConfiguration: Sendable {
    /// Directories or files, as a person named them.
    package var roots: [RawPath]
    /// Workers; 0 runs everything in the caller's thread, in order.
    package var workerCount: Int = ScanConfiguration.defaultWorkerCount
    /// Threads on which one large image may be walked.
    package var threadsPerImage: Int { max(min(workerCount, ScanConfiguration.processorCount), 1) }
    /// Directories on other file systems than their root are left out.
    package var staysOnFileSystem = false
    package var filter = PathFilter()
    /// Only its files are looked at, all directories are read; nil for every file. `ShardRequest` finds its range.
    package var shard: Shard?
    /// Images that a writer has open are checked all the same; the results are provisional.
    package var checksImagesInUse = false
    package var limits = CheckLimits()
    /// Limits what all workers together read of the images' tables; nil for no limit.
    package var readRate: ReadRate?
    /// Files that are never opened: the store's own.
    package var ownFiles: Set<FileKey> = []
    /// Earlier results that may be used again.
    package var known = KnownResults()

    package init(roots: [RawPath]) { self.roots = roots }

    /// More than there are cores: most of the time a worker waits for a disk.
    package static var defaultWorkerCount: Int {
        min(processorCount * 4, maximumWorkerCount)
    }

    /// Dispatch gives all serial queues of a process about 255 threads, and the writer needs one too.
    package static let maximumWorkerCount = 128

    /// Processors of this machine.
    package static var processorCount: Int { max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1) }
}
