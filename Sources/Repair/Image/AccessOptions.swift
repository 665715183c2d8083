/// How sure a repair must be that nobody else uses an image.
package struct AccessOptions: Hashable, Sendable {
    /// Whether a file with several names is repaired.
    package var allowsHardLinks = false
    /// Whether the locks are enough where there are no leases.
    package var trustsLocks = false
    /// Whether no other host uses the file system, so that locks need not reach one.
    package var isOnlyHost = false
    /// How long nothing may have changed; nil: as long as the file system asks for.
    package var quietPeriod: Duration?

    package init() {}
}
