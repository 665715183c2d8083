import Files

/// Flushes a file to disk, until that fails once.
///
/// The kernel tells of lost bytes once: a flush after the one that failed would succeed without them.
struct Flush {
    private var failure: SystemError?

    /// Calls fsync(2) or fdatasync(2), again if it is interrupted. Once it has failed every later call fails with the
    /// same error.
    mutating func run(_ operation: String, _ call: () -> Int32) throws(SystemError) {
        if let failure { throw failure }
        do throws(SystemError) {
            try retryingInterrupted(operation, call)
        } catch {
            failure = error
            throw error
        }
    }
}
