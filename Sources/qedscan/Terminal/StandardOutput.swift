import CSystem
import Files
import Glibc

/// Standard output, buffered. If the reader has gone away, that is no error, and the rest is dropped.
enum StandardOutput {
    private static let bufferSize = 64 << 10
    nonisolated(unsafe) private static var buffer: [UInt8] = []
    nonisolated(unsafe) private static var error: Int32 = 0

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// The width of the terminal in characters; nil if there is none, or it is unknown.
    static var terminalColumns: Int? {
        let columns = Int(csystem_terminal_columns(STDOUT_FILENO))
        return columns > 0 ? columns : nil
    }

    /// The width of a line in characters: that of the terminal, or 80.
    static var columns: Int { terminalColumns ?? 80 }

    /// To be called by the main thread only.
    static func write(_ text: String) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= bufferSize { flush() }
    }

    static func writeLine(_ text: String = "") { write(text + "\n") }

    /// Writes what is buffered. Returns false, with the reason on stderr, if any output could not be written.
    static func finish() -> Bool {
        flush()
        guard error != 0, error != EPIPE else { return true }
        Diagnostic.error("cannot write to standard output: \(String(cString: strerror(error)))")
        return false
    }

    private static func flush() {
        if error == 0 { error = Descriptor.write(buffer, to: STDOUT_FILENO) }
        buffer.removeAll(keepingCapacity: true)
    }
}
