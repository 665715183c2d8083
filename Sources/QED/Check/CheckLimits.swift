import Files
import Glibc

/// What the check of one image may cost. An image that needs more is reported `incomplete`.
public struct CheckLimits: Sendable {
    /// For the maps of used clusters; shared by all checks that are given the same limits.
    public var memory: MemoryBudget
    /// Seconds for any image, however small.
    public var baseSeconds: UInt64
    /// A second more for so many bytes of disk that the image occupies: time grows with what there is to read, so a
    /// small file cannot hold up a scan and a large pool on a slow disk is not cut short.
    public var diskBytesPerSecond: UInt64
    /// The most findings of one kind.
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

/// Why a check ended before its end.
public enum CheckStop: Hashable, Sendable {
    /// The caller asked for it: the report is to be dropped.
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

/// The clock of one check, asked between pieces of tables.
package struct CheckClock: Sendable {
    private let seconds: UInt64
    private let deadline: UInt64
    private let throttleTime: @Sendable () -> UInt64
    private let heldBackBefore: UInt64
    private let isCancelled: @Sendable () -> Bool

    /// - Parameter throttleTime: nanoseconds for which reads had to wait on purpose: these do not count. Only grows.
    package init(
        limits: CheckLimits, diskSize: UInt64, throttleTime: @escaping @Sendable () -> UInt64 = { 0 },
        isCancelled: @escaping @Sendable () -> Bool
    ) {
        self.throttleTime = throttleTime
        seconds = limits.baseSeconds.saturatingAdd(diskSize / limits.diskBytesPerSecond)
        heldBackBefore = throttleTime()
        deadline = CheckClock.now.saturatingAdd(seconds.saturatingMultiply(1_000_000_000))
        self.isCancelled = isCancelled
    }

    /// Why the check must end now, nil if it may go on.
    func stop() -> CheckStop? {
        if isCancelled() { return .cancelled }
        let end = deadline.saturatingAdd(throttleTime() &- heldBackBefore)
        return CheckClock.now > end ? .timeLimit(seconds: seconds) : nil
    }

    /// Nanoseconds; the coarse clock costs no system call.
    private static var now: UInt64 {
        UInt64(Clock.coarse.now)
    }
}
