import CSystem
import Glibc

/// Checks early that the system gives this process enough descriptors and threads.
///
/// Without a descriptor Dispatch ends the process, and without a thread it waits forever.
enum ProcessLimits {
    /// The descriptors that a command needs, without those for directories and images.
    private static let descriptors = 24

    private static let threadAdvice =
        "use fewer (-j), or raise 'ulimit -u', 'ulimit -v' or the control group's pids.max"

    /// Opens closed standard streams, so that no image and no store gets the number of one: messages would be written into
    /// it. Reading from and writing to the streams still fail.
    static func fillStandardStreams() {
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) == -1 {
            // The lowest number that is free.
            _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// Raises the limit of open files as far as possible, since the walk keeps directories open.
    static func raiseFileLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue))
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }

    /// Whether there are enough descriptors and threads; if not, prints the reason on stderr.
    static func allow(threads: Int) -> Bool {
        let missing = errorOfDescriptors()
        guard missing == 0 else {
            return refuse("cannot have \(descriptors) files open at once", missing, "raise 'ulimit -n'")
        }
        let refusal = threads > 0 ? csystem_test_threads(Int32(clamping: threads)) : 0
        guard refusal == 0 else {
            return refuse("cannot start \(threads) threads", refusal, ProcessLimits.threadAdvice)
        }
        return true
    }

    /// The error if there are not enough descriptors, else 0.
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
