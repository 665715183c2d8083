import Files
import Foundation
import QED

/// What the soak counts, and what it finds wrong.
final class Ledger: Sendable {
    struct Violation: Sendable {
        let rule: Rule
        let text: String
    }

    /// The invariants.
    enum Rule: String, CaseIterable, Sendable {
        case untouched = "an image that is open is not touched"
        case undo = "an undo gives back the same bytes"
        case repair = "a repair makes nothing worse, and a second one writes nothing"
        case guest = "no guest data is lost"
        case scan = "a scan says what is so"
        case locks = "only a repair keeps a guest from opening its image"
        case store = "the store is whole, and no completed scan is lost"
        case process = "every program ends, with a status that is documented, and leaves nothing behind"
    }

    /// So many are enough to look into.
    static let enough = 25

    private struct Content {
        var counts: [String: Int] = [:]
        var violations: [Violation] = []
    }

    private let content = Locked(Content())

    func count(_ name: String, _ amount: Int = 1) { content.withLock { $0.counts[name, default: 0] += amount } }

    /// Notes a violation, and says so at once.
    func violation(_ rule: Rule, _ text: String) {
        content.withLock { $0.violations.append(Violation(rule: rule, text: text)) }
        say("VIOLATION: \(rule.rawValue)\n  \(Timestamp.text(.now)) \(text)")
    }

    var violations: [Violation] { content.withLock { $0.violations } }
    var counts: [String: Int] { content.withLock { $0.counts } }
    subscript(_ name: String) -> Int { content.withLock { $0.counts[name] ?? 0 } }
}

/// Times as the store has them: UTC, in milliseconds.
enum Timestamp {
    private static let formatter = Locked(makeFormatter())

    static func text(_ date: Date) -> String { formatter.withLock { $0.string(from: date) } }
    static func date(_ text: String) -> Date? { formatter.withLock { $0.date(from: text) } }

    private static func makeFormatter() -> DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss.SSS"
        return formatter
    }
}

/// Prints a line at once, also into a pipe.
func say(_ text: String) {
    print(text)
    fflush(nil)
}
