import Files
import Glibc
import QED
import ScanModel

/// What a scan looks at, and how.
package struct ScanConfiguration: Sendable {
    /// Directories or files, as a person named them.
    package var roots: [RawPath]
    /// Number of workers; 0 checks everything in the caller's thread, in order.
    package var workerCount: Int = ScanConfiguration.defaultWorkerCount
    /// Threads on which one large image may be walked.
    package var threadsPerImage: Int { max(min(workerCount, ScanConfiguration.processorCount), 1) }
    /// Directories on a file system other than their root's are left out.
    package var staysOnFileSystem = false
    package var filter = PathFilter()
    /// The part of the files to check, though all directories are read; nil for every file. `ShardRequest` finds its
    /// range.
    package var shard: ShardRange?
    /// Images that a writer has open are checked, too; their results are provisional.
    package var checksImagesInUse = false
    package var limits = CheckLimits()
    /// Limits how fast all workers together read the images' tables; nil for no limit.
    package var readRate: ReadRate?
    /// Files that are never opened: the store's own.
    package var ownFiles: Set<FileKey> = []
    /// Earlier results that may be reused.
    package var known = KnownResults()

    package init(roots: [RawPath]) { self.roots = roots }

    /// More than the cores: a worker mostly waits for a disk.
    package static var defaultWorkerCount: Int {
        min(processorCount * 4, maximumWorkerCount)
    }

    /// Dispatch gives all serial queues of a process about 255 threads, and the writer needs one too.
    package static let maximumWorkerCount = 128

    /// Number of processors of this machine.
    package static var processorCount: Int { max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1) }
}
