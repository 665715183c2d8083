import Files
import QED
import SQLite

/// A scan that begins.
package struct ScanRecord: Sendable {
    /// Whose its images are: the machine's, or a pool's (`Pool.host`).
    package let host: String
    /// The machine that runs it.
    package let node: String
    /// What part of the paths it looks at; nil for all.
    package var shard: ShardRecord?
    package let roots: [RawPath]
    /// The options in force, by their names on the command line.
    package let options: [(name: String, value: SQLiteValue)]
    /// Of the program.
    package let version: String
    /// The names of the options that decide what is checked and how: a scan may go on from one in which they, the host
    /// and the roots are the same.
    package let decidingOptions: [String]
    /// What it goes on from; nil for a scan that begins anew.
    package var continues: ScanChain?

    package init(
        host: String, node: String? = nil, shard: ShardRecord? = nil, roots: [RawPath],
        options: [(name: String, value: SQLiteValue)], version: String, decidingOptions: [String] = [],
        continues: ScanChain? = nil
    ) {
        self.node = node ?? host
        self.shard = shard
        self.decidingOptions = decidingOptions
        self.continues = continues
        self.host = host
        self.roots = roots
        self.options = options
        self.version = version
    }
}

/// The part of a pool that a scan looks at.
package struct ShardRecord: Sendable {
    /// From 1.
    package let number: Int
    package let count: Int
    /// Positions of paths, below 2^32: from the first to before the second. nil if it did not come to find them.
    package let bounds: (lower: UInt64, upper: UInt64)?

    package init(number: Int, count: Int, bounds: (lower: UInt64, upper: UInt64)?) {
        self.number = number
        self.count = count
        self.bounds = bounds
    }
}

/// What came of one image.
package struct CheckRecord: Sendable {
    package let path: RawPath
    package let status: FileStatus
    package let outcome: Outcome
    /// nil if the image was not checked.
    package let report: CheckResult?
    /// Why it was not checked to its end.
    package let message: String?
    /// Nanoseconds since 1970.
    package let checkedAt: Int64
    /// Nanoseconds.
    package let duration: Int64
    /// When the file was made, nanoseconds since 1970; nil if not known.
    package let birthTime: Int64?
    package let backing: ImageBacking

    package init(
        path: RawPath, status: FileStatus, outcome: Outcome, report: CheckResult?, message: String?, checkedAt: Int64,
        duration: Int64, birthTime: Int64? = nil, backing: ImageBacking = .unknown
    ) {
        self.birthTime = birthTime
        self.backing = backing
        self.path = path
        self.status = status
        self.outcome = outcome
        self.report = report
        self.message = message
        self.checkedAt = checkedAt
        self.duration = duration
    }
}

/// A path that could not be read.
package struct PathErrorRecord: Sendable {
    package let path: RawPath
    package let operation: String
    package let code: Int32
    package let message: String

    package init(path: RawPath, operation: String, code: Int32, message: String) {
        self.path = path
        self.operation = operation
        self.code = code
        self.message = message
    }
}

/// A stored result that may be used again.
package struct KnownImageRecord: Sendable {
    package let imageID: Int64
    package let identity: FileIdentity
    package let outcome: Outcome
    package let isDirty: Bool
    /// What its header says of a backing file; nil for none.
    package let reference: BackingReference?
}

/// A root of a scan, as it was found.
package struct RootRecord: Sendable {
    package let path: RawPath
    /// Device and inode; nil if it could not be opened.
    package let file: (device: UInt64, inode: UInt64)?

    package init(path: RawPath, file: (device: UInt64, inode: UInt64)?) {
        self.path = path
        self.file = file
    }
}

/// What a scan has looked at, for the store to say what is missing.
package struct ScanScope {
    package let roots: [RootRecord]
    /// The directories below the roots where it went into another file system.
    package let mounts: Set<RawPath>
    /// Whether there is a directory at a path now.
    package let isDirectory: (RawPath) -> Bool
    /// Whether the scan would have seen an image at a path.
    package let covers: (RawPath) -> Bool
    /// Whether there is nothing any more at a path where another shard would look.
    package let lacks: (RawPath) -> Bool

    package init(
        roots: [RootRecord] = [], mounts: Set<RawPath> = [], isDirectory: @escaping (RawPath) -> Bool = { _ in true },
        covers: @escaping (RawPath) -> Bool, lacks: @escaping (RawPath) -> Bool = { _ in false }
    ) {
        self.roots = roots
        self.mounts = mounts
        self.isDirectory = isDirectory
        self.covers = covers
        self.lacks = lacks
    }
}

/// What a scan came to.
package struct ScanTotals: Sendable {
    /// Images by outcome, those with a reused result included.
    package internal(set) var outcomes: [Outcome: Int] = [:]
    package internal(set) var reused = 0
    package internal(set) var dirty = 0
    package internal(set) var pathErrors = 0
    /// Images known before that are not there any more, new with this scan.
    package internal(set) var missing = 0
    /// Overlays that the scan saw whose backing file is not to be had.
    package internal(set) var withoutBase = 0
    /// Roots and mount points below them whose file system does not seem to be mounted, with the reason in words.
    package internal(set) var unmounted: [PathErrorRecord] = []
    package internal(set) var leaks: UInt64 = 0
    package internal(set) var corruptions: UInt64 = 0

    package init() {}

    package var images: Int { outcomes.values.reduce(0, +) }

    mutating func add(_ outcome: Outcome, isDirty: Bool, count: Int = 1) {
        outcomes[outcome, default: 0] += count
        // A running machine has its image dirty.
        if isDirty, outcome != .inUse { dirty += count }
    }

    mutating func add(_ images: ReusedImages) {
        for group in images.groups { add(group.outcome, isDirty: group.isDirty, count: group.count) }
        reused += images.ids.count
    }
}

extension RawPath {
    /// What the store keeps of a path: its text, and its bytes if the text is not all of it.
    var columns: (text: String, bytes: [UInt8]?) {
        // Looked through once: it is asked for every image.
        if let text = String(validating: bytes, as: UTF8.self) { return (text, nil) }
        return (text, bytes)
    }

    init(text: String, bytes: [UInt8]?) { self = bytes.map(RawPath.init(bytes:)) ?? RawPath(text) }
}
