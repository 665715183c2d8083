import CSystem
import Glibc

/// What the system lets this process have, looked at before anything depends on it.
///
/// Where Dispatch gets no descriptor it ends the process, and where it gets no thread it waits for one for ever.
enum ProcessLimits {
    /// Descriptors that a command has open at once, besides one for each directory and image.
    private static let descriptors = 24

    private static let threadAdvice =
        "scan with fewer (-j), or see 'ulimit -u', 'ulimit -v' and the control group's pids.max"

    /// Sees to it that no file that is opened takes the place of a standard stream that was closed: what is written to
    /// the stream would go into an image or the store. Reading from or writing to it still fails.
    static func fillStandardStreams() {
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) == -1 {
            // The lowest number that is free.
            _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Lets the process open as many files as the system allows: the walk holds directories open.
    static func raiseFileLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    /// Whether there are enough descriptors, and so many threads; if not, the reason is on stderr.
    static func allow(threads: Int) -> Bool {
        let missing = errorOfDescriptors()
        guard missing == 0 else {
            return refuse("cannot have \(descriptors) files open at once", missing, "see 'ulimit -n'")
        }
        let refusal = threads > 0 ? csystem_test_threads(Int32(clamping: threads)) : 0
        guard refusal == 0 else {
            return refuse("cannot start \(threads) threads", refusal, ProcessLimits.threadAdvice)
        }
        return true
    }

    /// The reason why there are not enough, 0 if there are.
    private static func errorOfDescriptors() -> Int32 {
        let first = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard first >= 0 else { return errno }
        var copies = [first]
        defer { for copy in copies { close(copy) } }
        while copies.count < descriptors {
            let copy = fcntl(first, F_DUPFD_CLOEXEC, 0)
            guard copy >= 0 else { return errno }
            copies.append(copy)
        }
        return 0
    }

    private static func refuse(_ what: String, _ code: Int32, _ advice: String) -> Bool {
        Diagnostic.error("\(what): \(String(cString: strerror(code))); \(advice)")
        return false
    }
}
