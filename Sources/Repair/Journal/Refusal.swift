/// Why an image is not touched: which test says so, and what to do.
package struct Refusal: Hashable, Sendable {
    /// The tests. The raw values are printed.
    package enum Test: String, CaseIterable, Sendable {
        /// The path, opened as a scan opens it, must be a regular file that may be written.
        case open
        /// The file must be the one that was scanned, unchanged.
        case unchanged
        /// It must have one name, unless told otherwise.
        case hardLinks = "hard-links"
        /// Nobody may hold QEMU's or libvirt's locks on it.
        case locks
        /// Nobody else may have it open: fcntl(2), F_SETLEASE.
        case lease
        /// Nothing may have changed for a while.
        case settle
        /// Locks must reach the other hosts of a network file system.
        case networkLocks = "network-locks"
        /// No other host may be repairing in the same directory.
        case poolLease = "pool-lease"
        /// An earlier repair of it must have ended.
        case journal
        /// Its latest check must be as the scan said.
        case check
    }

    package let test: Test
    /// What was found, as a clause.
    package let message: String
    /// What to do, as a clause in the imperative; nil if there is nothing to add.
    package let advice: String?

    package init(_ test: Test, _ message: String, advice: String? = nil) {
        self.test = test
        self.message = message
        self.advice = advice
    }
}

extension Refusal: CustomStringConvertible {
    package var description: String {
        "\(message) (test: \(test.rawValue))" + (advice.map { "; \($0)" } ?? "")
    }
}
