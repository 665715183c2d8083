import Files
import Foundation
import Lab
import QED

/// What must be so in the store at any time; looked at again and again, since old rows are pruned.
final class Audit: Sendable {
    private struct Seen {
        /// Completed scans, by their UUID.
        var completed: Set<String> = []
        var lastResult = 0
        var lastRepair = 0
        var killed = 0
    }

    private let site: Site
    private let seen = Locked(Seen())

    init(_ site: Site) { self.site = site }

    /// How many completed scans were ever seen.
    var completedScans: Int { seen.withLock { $0.completed.count } }

    func run() throws {
        let scans = try site.rows("SELECT uuid FROM scan WHERE state = 'completed'").compactMap {
            $0["uuid"] as? String
        }
        seen.withLock { $0.completed.formUnion(scans) }
        try judgeResults()
        try judgeRepairs()
        site.ledger.count("audits of the store")
    }

    /// A sound image is never anything but sound, whoever uses it while it is scanned.
    private func judgeResults() throws {
        let last = seen.withLock { $0.lastResult }
        let rows = try site.rows(
            """
            SELECT r.id, path, outcome, corruptions, check_errors, message, checked_at, repair_id
            FROM check_result AS r JOIN image ON image.id = image_id WHERE r.id > \(last) ORDER BY r.id
            """)
        for row in rows {
            guard let id = row["id"] as? Int, let path = row["path"] as? String,
                let outcome = row["outcome"] as? String
            else { continue }
            seen.withLock { $0.lastResult = max($0.lastResult, id) }
            site.ledger.count("results: \(outcome)")
            guard !URL(filePath: path).lastPathComponent.hasPrefix("scarred") else { continue }
            if !["clean", "leaking", "in_use", "changing"].contains(outcome) {
                site.violation(.scan, path, "a sound image is said to be \(outcome): \(row)")
            }
        }
    }

    /// No repair was at work while a guest had the same file open.
    func judgeRepairs() throws {
        let last = seen.withLock { $0.lastRepair }
        let rows = try site.rows(
            """
            SELECT repair.id, path, repair.inode, state, started_at, finished_at FROM repair JOIN image ON image.id = image_id
            WHERE repair.id > \(last) AND finished_at IS NOT NULL
                AND repair.id < (SELECT ifnull(min(id), 9e18) FROM repair WHERE finished_at IS NULL) ORDER BY repair.id
            """)
        let now = Date.now
        let kills = site.times.kills
        let sessions = Dictionary(grouping: site.times.sessions, by: \.inode)
        for row in rows {
            guard let id = row["id"] as? Int, let inode = row["inode"] as? Int, let path = row["path"] as? String,
                let started = (row["started_at"] as? String).flatMap(Timestamp.date),
                let finished = (row["finished_at"] as? String).flatMap(Timestamp.date)
            else { continue }
            seen.withLock { $0.lastRepair = id }
            site.ledger.count("repairs in the journal: \(row["state"] as? String ?? "")")
            // A repair that was killed had nothing open until its recovery.
            let end = kills.first { started <= $0 && $0 <= finished } ?? finished
            // Milliseconds are cut off.
            let start = started.addingTimeInterval(0.002)
            for session in sessions[UInt64(inode)] ?? []
            where session.opened < end && start < session.closing ?? now {
                site.violation(
                    .untouched, path,
                    "repair \(id) (\(row)) while a guest had it open, from \(Timestamp.text(session.opened)) "
                        + "to \(session.closing.map(Timestamp.text) ?? "now")")
            }
        }
    }
}
