import Files

/// Why an image is left alone: which test failed, and what to do about it.
package struct Refusal: Hashable, Sendable {
    /// The tests. The raw values are printed.
    package enum Test: String, CaseIterable, Sendable {
        /// The path, opened as a scan opens it, must lead to a regular file that may be written.
        case open
        /// The file must be the one that was scanned, unchanged.
        case unchanged
        /// It must have a single name, unless `--hard-links` is given.
        case hardLinks = "hard-links"
        /// Nobody may hold QEMU's or libvirt's locks on it.
        case locks
        /// Nobody else may have it open: fcntl(2), F_SETLEASE.
        case lease
        /// It must not have changed for a while.
        case settle
        /// Locks must reach the other hosts of a network file system.
        case networkLocks = "network-locks"
        /// No other host may be repairing in the same directory.
        case poolLease = "pool-lease"
        /// Every earlier repair of it must have ended.
        case journal
        /// A check must find the same as the scan or the plan.
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

/// What to do about a refusal.
package enum Advice {
    package static let scanAgain = "scan it again"
    package static let endHolder = "end that program first"
    static let onlyHost = "if no other host uses the file system, give --only-host"
}

/// Why a repair was not made or not completed.
package enum RepairFailure: Error, Sendable {
    /// It was not begun. The image is unchanged.
    case refused(Refusal)
    /// The image could not be read or written.
    case image(SystemError)
    /// fsync(2) or fdatasync(2) failed. Nobody knows what is on disk, and a second call would not tell.
    case sync(SystemError)
    /// The store could not be read or written.
    case journal(String)
    /// The image or the journal is not as expected.
    case unexpected(String)
}

extension RepairFailure {
    /// Runs a function whose system calls concern the image.
    package static func wrap<Result>(_ body: () throws(SystemError) -> Result) throws(RepairFailure) -> Result {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .image(error)
        }
    }
}

extension RepairFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let refusal): refusal.description
        case .image(let error), .sync(let error): error.description
        case .journal(let message): "the store: \(message)"
        case .unexpected(let message): message
        }
    }
}
