import Files
import Glibc

/// The limits for the check of one image. An image that needs more is `incomplete`.
public struct CheckLimits: Sendable {
    /// Memory for the maps of used clusters. All checks with the same limits share it.
    public var memory: MemoryBudget
    /// Seconds for every image, however small.
    public var baseSeconds: UInt64
    /// An image gets one more second for each time that it occupies this many bytes on disk. So a small file cannot
    /// delay a scan, and a large image on a slow disk can be checked completely.
    public var diskBytesPerSecond: UInt64
    /// How many findings of one kind are listed.
    public var findingsPerKind: Int

    public init(
        memory: MemoryBudget = MemoryBudget(limit: 192 << 20), baseSeconds: UInt64 = 45,
        diskBytesPerSecond: UInt64 = 64 << 20, findingsPerKind: Int = 1000
    ) {
        self.memory = memory
        self.baseSeconds = baseSeconds
        self.diskBytesPerSecond = max(diskBytesPerSecond, 1)
        self.findingsPerKind = findingsPerKind
    }
}

/// Why a check ended early.
public enum CheckStop: Hashable, Sendable {
    /// The caller has cancelled it: the result must be dropped.
    case cancelled
    case memoryLimit(bytes: Int)
    case timeLimit(seconds: UInt64)

    /// Why, as a clause.
    public var message: String {
        switch self {
        case .cancelled: "the check was cancelled"
        case .memoryLimit(let bytes): "the map of used clusters needs more than \(bytes >> 10) KiB"
        case .timeLimit(let seconds): "the check took more than \(seconds) s"
        }
    }
}

/// The clock of one check. It is asked between pieces of tables.
package struct CheckClock: Sendable {
    private let seconds: UInt64
    private let deadline: UInt64
    private let throttleTime: @Sendable () -> UInt64
    private let throttleTimeBefore: UInt64
    private let isCancelled: @Sendable () -> Bool

    /// - Parameter throttleTime: how many nanoseconds reads have waited for throttling. They do not count.
    package init(
        limits: CheckLimits, diskSize: UInt64, throttleTime: @escaping @Sendable () -> UInt64 = { 0 },
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.throttleTime = throttleTime
        seconds = limits.baseSeconds.saturatingAdd(diskSize / limits.diskBytesPerSecond)
        throttleTimeBefore = throttleTime()
        deadline = CheckClock.now.saturatingAdd(seconds.saturatingMultiply(1_000_000_000))
        self.isCancelled = isCancelled
    }

    /// Why the check must end now; nil if it may go on.
    func stop() -> CheckStop? {
        if isCancelled() { return .cancelled }
        let end = deadline.saturatingAdd(throttleTime() &- throttleTimeBefore)
        return CheckClock.now > end ? .timeLimit(seconds: seconds) : nil
    }

    /// Nanoseconds. The coarse clock costs no system call.
    private static var now: UInt64 {
        UInt64(Clock.coarse.now)
    }
}
