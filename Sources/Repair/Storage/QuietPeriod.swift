import Files
import Glibc
import QED

/// Watches images until they have not changed for long enough to be repaired.
///
/// While a virtual machine moves to another host, there is a moment without any lock. But its writes change the file's
/// times, and so does libvirt before the machine starts.
package struct QuietPeriod {
    /// QEMU writes to an idle image 5 s after the last write that has allocated clusters.
    private static let local = Duration.seconds(10)
    /// NFS caches the status of a file for up to 60 s.
    private static let network = Duration.seconds(65)

    /// The state of an image at the first look.
    private struct Sighting {
        let identity: FileIdentity
        let time: Duration
        let window: Duration
    }

    private let fixed: Duration?
    private let clock: QuietClock
    private var sightings: [RawPath: Sighting] = [:]

    package init(options: AccessOptions, clock: QuietClock = .system) {
        fixed = options.quietPeriod
        self.clock = clock
    }

    /// How long an image must not have changed; `mount` is nil if the file system is not known.
    package static func standard(for mount: MountPoint?) -> Duration {
        guard let mount, !mount.isNetwork else { return network }
        return local
    }

    /// Opens an image to look at it. Its time runs from the first look.
    package mutating func look(at path: RawPath) throws(RepairFailure) {
        guard sightings[path] == nil else { return }
        do throws(SystemError) {
            let file = try ImageFile(withoutLinks: path)
            let standard = QuietPeriod.standard(for: try MountPoint(descriptor: file.descriptor))
            sightings[path] = Sighting(
                identity: file.status.identity, time: clock.monotonic(), window: fixed ?? standard)
        } catch {
            throw .refused(Refusal(.settle, "it cannot be opened: \(error)", advice: Advice.scanAgain))
        }
    }

    /// Stops watching an image that this run has changed itself.
    package mutating func forget(_ path: RawPath) { sightings[path] = nil }

    /// How long to wait until every watched image may be quiet; zero if there is none to wait for.
    package func remaining() -> Duration {
        let (monotonic, wall) = (clock.monotonic(), clock.wall())
        return sightings.values.reduce(Duration.zero) { longest, sighting in
            let sinceLook = sighting.window - (monotonic - sighting.time)
            let sinceChange = sighting.window - (wall - sighting.identity.lastChange)
            // A change dated further in the future is refused instead of waited for.
            return max(longest, sinceLook, sinceChange <= sighting.window * 2 ? sinceChange : .zero)
        }
    }

    /// Throws unless the first look and the last change are long enough ago, and nothing has changed in between.
    /// Returns the identity of the file, for `ExclusiveUse`.
    @discardableResult
    package func confirm(_ path: RawPath) throws(RepairFailure) -> FileIdentity {
        guard let sighting = sightings[path] else {
            throw .refused(Refusal(.settle, "it has not been watched", advice: "try again"))
        }
        let found: FileIdentity
        do throws(SystemError) {
            found = try FileStatus(opening: path).identity
        } catch {
            throw .refused(Refusal(.settle, "it cannot be opened again: \(error)", advice: Advice.scanAgain))
        }
        if let change = sighting.identity.difference(from: found) {
            throw .refused(Refusal(.settle, "\(change) while it was watched", advice: Advice.scanAgain))
        }
        guard clock.monotonic() - sighting.time >= sighting.window else {
            throw .refused(
                Refusal(.settle, "it has been watched for less than \(sighting.window)", advice: "try again later"))
        }
        let age = clock.wall() - found.lastChange
        guard age >= .zero else {
            throw .refused(
                Refusal(
                    .settle, "its last change is dated \(Duration.zero - age) in the future",
                    advice: "correct the clock or the time of the file"))
        }
        guard age >= sighting.window else {
            throw .refused(
                Refusal(
                    .settle, "it was changed \(age) ago, and must not change for \(sighting.window)",
                    advice: "try again later"))
        }
        return found
    }
}

extension FileIdentity {
    /// Time since 1970 of the last change of contents or status.
    fileprivate var lastChange: Duration { .nanoseconds(max(modificationTime, changeTime)) }
}

/// Gives the time; tests can replace it.
package struct QuietClock: Sendable {
    /// Time since some moment in the past. It is never set back.
    package let monotonic: @Sendable () -> Duration
    /// Time since 1970.
    package let wall: @Sendable () -> Duration

    package init(monotonic: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Duration) {
        self.monotonic = monotonic
        self.wall = wall
    }

    package static let system = QuietClock(
        monotonic: { .nanoseconds(Clock.monotonic.now) }, wall: { .nanoseconds(Clock.wall.now) })
}

extension FileStatus {
    /// The status of a path, by opening it: a network file system then asks its server. Symbolic links are not
    /// followed.
    package init(opening path: RawPath) throws(SystemError) {
        self = try ImageFile(withoutLinks: path).status
    }
}
