import Dispatch
import Glibc

/// A child of this process, from posix_spawn(3) to waitpid(2).
///
/// Foundation's tells the end of a child by a descriptor that other children may have inherited: its wait then lasts until
/// these have ended too.
/// `@unchecked Sendable`: `status` is touched only on `queue`.
public final class ChildProcess: @unchecked Sendable {
    public let processIdentifier: pid_t
    private let queue = DispatchQueue(label: "ChildProcess")
    private var status: Int32?

    /// Starts a program with three descriptors, which become its 0, 1 and 2; it gets no others.
    ///
    /// It takes all signals: Dispatch's threads block them, and a child inherits that.
    public init(
        _ path: String, _ arguments: [String], environment: [String: String], input: Int32, output: Int32, errors: Int32
    ) throws {
        var (actions, attributes, noSignals) = (posix_spawn_file_actions_t(), posix_spawnattr_t(), sigset_t())
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (number, descriptor) in [input, output, errors].enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        try ChildProcess.closeFrom(&actions, 3)
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, path, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw SpawnError(path: path, code: code) }
        processIdentifier = child
    }

    /// posix_spawn_file_actions_addclosefrom_np(3), which Swift's Glibc lacks.
    private static func closeFrom(_ actions: inout posix_spawn_file_actions_t, _ first: Int32) throws {
        typealias Function = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
        let name = "posix_spawn_file_actions_addclosefrom_np"
        guard let symbol = dlsym(nil, name) else { throw SpawnError(path: name, code: ENOSYS) }
        let code = unsafeBitCast(symbol, to: Function.self)(&actions, first)
        guard code == 0 else { throw SpawnError(path: name, code: code) }
    }

    struct SpawnError: Error, CustomStringConvertible {
        let path: String
        let code: Int32

        var description: String { "\(path): \(String(cString: strerror(code)))" }
    }

    public var isRunning: Bool { queue.sync { collect(WNOHANG) == nil } }

    /// Sends a signal, unless the child has ended: its number may be another's by now.
    public func signal(_ number: Int32) {
        queue.sync {
            guard collect(WNOHANG) == nil else { return }
            kill(processIdentifier, number)
        }
    }

    /// Blocks until it has ended; returns the exit status, or minus the number of the signal that ended it.
    public func wait() -> Int32 {
        var information = siginfo_t()
        // Left for `collect`, so that others may ask and signal meanwhile.
        while waitid(P_PID, id_t(processIdentifier), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return queue.sync { collect(0) } ?? -1
    }

    private func collect(_ options: Int32) -> Int32? {
        if let status { return status }
        var raw: Int32 = 0
        var ended = waitpid(processIdentifier, &raw, options)
        while ended < 0, errno == EINTR { ended = waitpid(processIdentifier, &raw, options) }
        guard ended == processIdentifier else { return nil }
        // As WIFSIGNALED, WTERMSIG and WEXITSTATUS of wait(2) have it.
        let signal = raw & 0x7F
        status = signal == 0 ? (raw >> 8) & 0xFF : -signal
        return status
    }
}
