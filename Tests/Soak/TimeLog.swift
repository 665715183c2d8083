import Files
import Foundation
import QED

/// When our programs that may write to images ran, and when guests had images open.
final class TimeLog: Sendable {
    /// A time in which a guest surely had an image open: from when it was seen so, to before it was told to end.
    struct Session: Sendable {
        let path: String
        let inode: UInt64
        let opened: Date
        /// nil while it is open.
        var closing: Date?
    }

    private struct Content {
        var writers: [(began: Date, ended: Date?, wasKilled: Bool)] = []
        var sessions: [Session] = []
    }

    private let content = Locked(Content())

    /// Notes that a repair or an undo starts; returns its number.
    func writerBegins() -> Int {
        content.withLock {
            $0.writers.append((.now, nil, false))
            return $0.writers.count - 1
        }
    }

    func writerEnds(_ number: Int, wasKilled: Bool) {
        content.withLock {
            $0.writers[number].ended = .now
            $0.writers[number].wasKilled = wasKilled
        }
    }

    /// Whether a repair or an undo ran at any moment of a time.
    func hasWriter(from start: Date, to end: Date) -> Bool {
        content.withLock { $0.writers.contains { $0.began <= end && ($0.ended ?? .distantFuture) >= start } }
    }

    /// When repairs that were killed had ended.
    var kills: [Date] { content.withLock { $0.writers.compactMap { $0.wasKilled ? $0.ended : nil } } }

    /// Notes that an image is open; returns the session's number.
    func sessionBegins(_ path: String, inode: UInt64) -> Int {
        content.withLock {
            $0.sessions.append(Session(path: path, inode: inode, opened: .now))
            return $0.sessions.count - 1
        }
    }

    /// Called before the guest is told to end.
    func sessionEnds(_ number: Int) { content.withLock { $0.sessions[number].closing = .now } }

    var sessions: [Session] { content.withLock { $0.sessions } }
}
