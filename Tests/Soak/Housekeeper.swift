import Foundation
import Lab

/// Everything else that is done to a store meanwhile: reading it, copying it, pruning it.
struct Housekeeper: Actor {
    let name = "housekeeper"
    let site: Site
    let audit: Audit
    var random: SeededRandom

    init(_ site: Site, _ audit: Audit) {
        self.site = site
        self.audit = audit
        random = site.random("housekeeper")
    }

    mutating func act() throws {
        switch Int.random(in: 0..<12, using: &random) {
        case 0:
            // Of scans that end from here on 20 are kept, far more than there are until it is done.
            try audit.run()
            _ = try site.scanner(["store", "prune", "--keep-scans", "20"])
        case 1: try backUp()
        case 2: try verify()
        case 3, 4:
            let report = random.pick("damaged", "assessment", "repairs", "summary", "trend", "changes", "in-use")
            try read(["report", report])
        case 5: try read(["report", "--html", "\(site.directory)/pool.html"])
        case 6: try read(["query", "SELECT outcome, count(*) FROM latest_check GROUP BY outcome"])
        case 7: try read(["status", "--nagios"], statuses: [0, 1, 2])
        case 8: try read(["repair", "--list"])
        case 9: _ = try site.scanner(["repair", "-n"])
        default: try read(["status"])
        }
        site.pause(upTo: 3, using: &random)
    }

    private func read(_ words: [String], statuses: Set<Int32> = [0]) throws {
        let run = try site.scanner(words)
        guard !statuses.contains(run.status) else { return }
        site.violation(.store, nil, "a reader is sent away: \(run.account)")
    }

    private func backUp() throws {
        let copy = "\(site.directory)/copy.db"
        let run = try site.scanner(["store", "backup", "-f", copy])
        guard run.status == 0 else { return site.violation(.store, nil, "no backup: \(run.account)") }
        let check = try site.sqlite.run(["-readonly", copy, "PRAGMA integrity_check; PRAGMA foreign_key_check"])
        if check.output != "ok\n" { site.violation(.store, nil, "a backup that is not whole: \(check.account)") }
    }

    private func verify() throws {
        let run = try site.scanner(["store", "verify", "-q"])
        // Of repairs it says whether they can be undone, which changes all the time.
        if run.errors.contains("faults;") || run.errors.contains("malformed") {
            site.violation(.store, nil, "the store is not whole: \(run.account)")
        }
    }
}
