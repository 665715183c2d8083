import CSystem
import Files
import Glibc

/// Standard output, buffered. A reader that went away is no error: the rest is dropped.
enum StandardOutput {
    private static let bufferSize = 64 << 10
    nonisolated(unsafe) private static var buffer: [UInt8] = []
    nonisolated(unsafe) private static var error: Int32 = 0

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Characters in a line of the terminal; nil if it is none, or one that does not know.
    static var terminalColumns: Int? {
        let columns = Int(csystem_terminal_columns(STDOUT_FILENO))
        return columns > 0 ? columns : nil
    }

    /// Characters in a line: the terminal's, or 80.
    static var columns: Int { terminalColumns ?? 80 }

    /// Only the main thread writes.
    static func write(_ text: String) {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= bufferSize { flush() }
    }

    static func writeLine(_ text: String = "") { write(text + "\n") }

    /// Writes what is buffered; false, with the reason on stderr, if something could not be written.
    static func finish() -> Bool {
        flush()
        guard error != 0, error != EPIPE else { return true }
        Diagnostic.error("standard output: \(String(cString: strerror(error)))")
        return false
    }

    private static func flush() {
        if error == 0 { error = Descriptor.write(buffer, to: STDOUT_FILENO) }
        buffer.removeAll(keepingCapacity: true)
    }
}
