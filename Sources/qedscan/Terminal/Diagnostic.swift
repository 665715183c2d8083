import CommandSyntax
import Files
import Glibc
import SQLite
import Store

/// Messages on standard error: text for people, or one JSON object per line for programs (`--log-format`).
enum Diagnostic {
    /// How messages are written.
    enum Format: String, CaseIterable, Sendable { case text, json }

    /// How much a message matters. The raw value is syslog(3)'s.
    enum Level: Int32 {
        case error = 3
        case warning = 4
        case info = 6

        var name: String {
            switch self {
            case .error: "error"
            case .warning: "warning"
            case .info: "info"
            }
        }
    }

    /// Set once, before there is more than one thread.
    nonisolated(unsafe) private(set) static var format = Format.text

    /// Whether lines begin with their level, see sd-daemon(3).
    private static let isJournal = journalReads()

    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func use(_ format: Format) { Diagnostic.format = format }

    /// - Parameter text: printable; names from disks are already escaped.
    static func error(_ text: String, prefixed: Bool = true) { message(.error, text, prefixed: prefixed) }

    static func hint(_ text: String) {
        message(.info, format == .text ? "hint: \(text)" : text, prefixed: false)
    }

    /// Writes a message. The facts are for programs: they appear in JSON only.
    static func message(
        _ level: Level, _ text: String, facts: [(name: String, value: SQLiteValue)] = [], prefixed: Bool = true
    ) {
        let line =
            switch format {
            case .text: (prefixed ? "\(Release.name): " : "") + text
            case .json:
                JSON.object(
                    [("time", JSON(Timestamp.now())), ("level", JSON(level.name)), ("message", JSON(text))]
                        + facts.map { ($0.name, JSON($0.value)) }
                ).text
            }
        write((isJournal ? "<\(level.rawValue)>" : "") + line + "\n")
    }

    static func write(_ text: String) { _ = Descriptor.write(Array(text.utf8), to: STDERR_FILENO) }

    /// Whether standard error is the journal's: `$JOURNAL_STREAM` names its device and inode, see systemd.exec(5).
    private static func journalReads() -> Bool {
        var status = stat()
        guard let stream = getenv("JOURNAL_STREAM"), fstat(STDERR_FILENO, &status) == 0 else { return false }
        return String(cString: stream) == "\(status.st_dev):\(status.st_ino)"
    }
}

/// A question on the terminal.
enum Confirmation {
    /// Asks, and returns whether the answer is yes. Anything else means no.
    static func ask(_ question: String) -> Bool {
        // The reader must see what the question is about.
        guard StandardOutput.finish() else { return false }
        Diagnostic.write("\(question) [y/N] ")
        guard let answer = readLine() else { return false }
        return ["y", "yes"].contains(answer.lowercased())
    }
}
