import Files
import Glibc
import QED

/// How long nothing may have changed before an image is repaired, and since when that has been looked at.
///
/// While a virtual machine moves to another host there is a moment without any lock. What it writes, and what libvirt
/// does before it starts, changes the file's times.
package struct QuietPeriod {
    /// QEMU writes to an idle image 5 s after the last write that allocates.
    private static let local = Duration.seconds(10)
    /// NFS keeps a file's status for up to 60 s.
    private static let network = Duration.seconds(65)

    /// An image when it was first looked at.
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

    /// How long an image on a file system must rest; nil: one that is not known.
    package static func standard(for mount: MountPoint?) -> Duration {
        guard let mount, !mount.isNetwork else { return network }
        return local
    }

    /// Looks at an image, by a new open. Its time runs from the first look.
    package mutating func look(at path: RawPath) throws(RepairFailure) {
        guard sightings[path] == nil else { return }
        do throws(SystemError) {
            let file = try ImageFile(withoutLinks: path)
            let standard = QuietPeriod.standard(for: try file.mountPoint())
            sightings[path] = Sighting(
                identity: file.status.identity, time: clock.monotonic(), window: fixed ?? standard)
        } catch {
            throw .refused(Refusal(.settle, "it cannot be looked at: \(error)", advice: Advice.scanAgain))
        }
    }

    /// Stops watching an image: this run has changed it itself.
    package mutating func forget(_ path: RawPath) { sightings[path] = nil }

    /// How long to wait until every image that was looked at may have settled. Zero if there is none to wait for.
    package func remaining() -> Duration {
        let (monotonic, wall) = (clock.monotonic(), clock.wall())
        return sightings.values.reduce(Duration.zero) { longest, sighting in
            let sinceLook = sighting.window - (monotonic - sighting.time)
            let sinceChange = sighting.window - (wall - sighting.identity.lastChange)
            // A change dated further in the future is refused, not waited for.
            return max(longest, sinceLook, sinceChange <= sighting.window * 2 ? sinceChange : .zero)
        }
    }

    /// Throws unless the image has not changed since the first look, and that and its last change are long enough ago.
    /// Returns what it is, for `ExclusiveUse`.
    @discardableResult
    package func confirm(_ path: RawPath) throws(RepairFailure) -> FileIdentity {
        guard let sighting = sightings[path] else {
            throw .refused(Refusal(.settle, "it has not been looked at before", advice: "try again"))
        }
        let found: FileIdentity
        do throws(SystemError) {
            found = try FileStatus(opening: path).identity
        } catch {
            throw .refused(Refusal(.settle, "it cannot be looked at again: \(error)", advice: Advice.scanAgain))
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
                    advice: "set the clock, or the file's time, right"))
        }
        guard age >= sighting.window else {
            throw .refused(
                Refusal(
                    .settle, "it was changed \(age) ago, and \(sighting.window) must pass", advice: "try again later"))
        }
        return found
    }
}

extension FileIdentity {
    /// Time since 1970 of the last change of contents or status.
    fileprivate var lastChange: Duration { .nanoseconds(max(modificationTime, changeTime)) }
}
