import Files
import Glibc
import QED
import ScanModel

/// Takes one candidate after another, from the name to the result.
///
/// The steps for an image: look for an earlier result that still holds; open it and test the magic number; test whether
/// it was seen under another name; test whether it is in use; check it; test whether it was in use or changed
/// meanwhile. Belongs to one thread.
final class Worker {
    private let configuration: ScanConfiguration
    private let cancellation: Cancellation
    private let memory: ScanMemory
    private let emit: (ScanEvent) -> Void
    private let progress: ProgressCounter
    private let checker: Checker
    private var reuse: ReuseFilter
    private let throttleTime = ThrottleTime()

    init(
        configuration: ScanConfiguration, cancellation: Cancellation, progress: ProgressCounter, memory: ScanMemory,
        emit: @escaping (ScanEvent) -> Void
    ) {
        self.configuration = configuration
        self.cancellation = cancellation
        self.progress = progress
        self.memory = memory
        self.emit = emit
        reuse = ReuseFilter(known: configuration.known, memory: memory, emit: emit)
        checker = Checker(
            limits: configuration.limits, threadCount: configuration.threadsPerImage,
            throttleTime: { [throttleTime] in throttleTime.nanoseconds }, isCancelled: { cancellation.isCancelled })
    }

    /// Hands over what `process` has kept back. Call it after the last candidate of a batch.
    func flush() { reuse.flush() }

    func process(_ candidate: Candidate) {
        guard !cancellation.isCancelled else { return }
        if reuse.takes(candidate) { return }
        // The check may take long.
        reuse.flush()
        do throws(SystemError) {
            if let file = try candidate.openImage() {
                try process(file, candidate)
            } else if candidate.origin == .root {
                // A person says that it is an image.
                fail(candidate, PathError.notAnImage(candidate.path))
            }
        } catch {
            // Since its name was read, it has been removed or replaced by a link or a socket.
            let isGone = [ENOENT, ELOOP, ENXIO].contains(error.code) && ["open", "fstatat"].contains(error.operation)
            if !isGone || candidate.origin == .root { fail(candidate, error) }
        }
    }

    private func process(_ file: ImageFile, _ candidate: Candidate) throws(SystemError) {
        if memory.deferHardLink(candidate, file.status) { return }
        guard memory.isFirstName(of: file.status.identity) else { return }
        try check(file, candidate)
    }

    private func check(_ first: ImageFile, _ candidate: Candidate) throws(SystemError) {
        if let result = try attempt(first, candidate) { return finish(result, candidate) }
        // It has changed meanwhile. Open it again by its name: it may be another file now.
        guard let second = try candidate.openImage() else { return }
        if let result = try attempt(second, candidate) { return finish(result, candidate) }
        let message = "the file changed while it was checked, twice"
        send(.checked(Attempt(second, candidate, memory.bases).result(.changing, message: message)))
    }

    private func finish(_ result: CheckedImage, _ candidate: Candidate) {
        if case .memoryLimit = result.report?.stop, memory.deferForMemory(candidate, result.status.identity) {
            return
        }
        send(.checked(result))
    }

    /// Checks an open image once; nil if the file was not the same before and after.
    private func attempt(_ file: ImageFile, _ candidate: Candidate) throws(SystemError) -> CheckedImage? {
        let attempt = Attempt(file, candidate, memory.bases)
        if case .writer(let holder) = try file.testUse(), !configuration.checksImagesInUse {
            return attempt.result(.inUse, message: "not checked: \(holder)")
        }
        let report = check(file, attempt)
        progress.addBytesRead(report.bytesRead)
        // The file has been written since its magic number was read.
        if report.header?.hasMagic == false { return nil }
        if case .writer(let holder) = try file.testUse() {
            guard configuration.checksImagesInUse else {
                return attempt.result(.inUse, message: "opened while it was checked: \(holder)")
            }
            return attempt.result(.inUse, report: report, message: "provisional: \(holder)")
        }
        guard try isUnchanged(file, candidate) else { return nil }
        return attempt.result(report.outcome, report: report, message: report.message)
    }

    private func check(_ file: ImageFile, _ attempt: Attempt) -> CheckResult {
        let place = progress.begin(CurrentImage(path: attempt.path, since: attempt.checkedAt))
        defer { progress.end(place) }
        guard let rate = configuration.readRate else { return checker.check(file) }
        return checker.check(
            ThrottledSource(base: file, rate: rate, throttleTime: throttleTime, cancellation: cancellation))
    }

    /// Whether the name still leads to the file, unchanged.
    private func isUnchanged(_ file: ImageFile, _ candidate: Candidate) throws(SystemError) -> Bool {
        do throws(SystemError) {
            return try candidate.identityNow(of: file) == file.status.identity
        } catch {
            if error.code == ENOENT || error.code == ELOOP { return false }
            throw error
        }
    }

    private func send(_ event: ScanEvent) {
        if case .checked(let result) = event, result.report?.stop == .cancelled { return }
        emit(event)
    }

    private func fail(_ candidate: Candidate, _ error: SystemError) {
        fail(candidate, PathError(path: candidate.path, error))
    }

    private func fail(_ candidate: Candidate, _ error: PathError) {
        memory.addUnread(candidate.path)
        send(.failed(error))
    }
}

/// A check in progress: the file and the time for its result.
private struct Attempt {
    let path: RawPath
    private let file: ImageFile
    private let bases: BackingCache
    /// Nanoseconds since 1970.
    let checkedAt = Clock.wall.now
    private let start = Clock.monotonic.now

    init(_ file: ImageFile, _ candidate: Candidate, _ bases: BackingCache) {
        path = candidate.path
        self.file = file
        self.bases = bases
    }

    func result(_ outcome: Outcome, report: CheckResult? = nil, message: String?) -> CheckedImage {
        CheckedImage(
            path: path, status: file.status, outcome: outcome, report: report, message: message, checkedAt: checkedAt,
            duration: Clock.monotonic.now - start, birthTime: file.birthTime, backing: backing(report))
    }

    /// What the image says of its backing file. If the image was not checked, the header alone is read: the backing
    /// file of a running machine matters, too.
    private func backing(_ report: CheckResult?) -> ImageBacking {
        do throws(BackingUnreadable) {
            let reference: BackingReference?
            if let report {
                reference = try file.backingReference(report)
            } else {
                reference = try file.backingReference()
            }
            return reference.map { .link(bases.link(of: $0, overlay: path)) } ?? .none
        } catch {
            return .unknown
        }
    }
}
