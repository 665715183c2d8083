/// Which scans stay. At least one of the two is given; where both are, a scan goes only if both allow it.
package struct PruneRule: Sendable {
    /// The newest so many completed scans of each host stay, and what came between them; at least 1.
    package let keepScans: Int?
    /// Scans that began at that time or later stay, as `Timestamp` writes it; the newest completed one always does.
    package let keepSince: String?

    package init(keepScans: Int?, keepSince: String?) {
        self.keepScans = keepScans
        self.keepSince = keepSince
    }
}

/// The rows that a pruning takes away.
package struct PruneCounts: Hashable, Sendable {
    /// Rows of `scan`.
    package internal(set) var scans = 0
    /// Scans whose row stays, as something refers to it, and which are marked as pruned.
    package internal(set) var marked = 0
    /// Images that are long gone, with all that is known of them.
    package internal(set) var images = 0
    package internal(set) var results = 0
    package internal(set) var findings = 0
    /// Rows of `image_event` and `scan_root`.
    package internal(set) var events = 0
    package internal(set) var pathErrors = 0
    package internal(set) var repairs = 0

    package init() {}

    package var isEmpty: Bool { self == PruneCounts() }
}
