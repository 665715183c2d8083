import Foundation
import Glibc
import Lab
import QED

/// Pools that change by real QEMU programs while they are scanned and repaired, for a time; then everything is checked.
struct Soak {
    let site: Site
    private let audit: Audit
    private let started = Date.now

    init(qedscan: String, seconds: Double, seed: UInt64) throws {
        site = try Site(qedscan: qedscan, seed: seed, seconds: seconds)
        audit = Audit(site)
    }

    /// Makes the pool, lets everybody at it, and looks at what is left.
    func run() throws {
        var random = site.random("pool")
        for _ in 0..<4 { try site.create(.base, using: &random) }
        for _ in 0..<36 { try site.create(.sound, using: &random) }
        for _ in 0..<20 { try site.create(.scarred, using: &random) }
        try Scanner.scan(["scan", "-q", site.pool], site)
        let group = DispatchGroup()
        start(Repairer(site), in: group)
        for number in 1...3 { start(Guest(number, site), in: group) }
        start(Damager(site), in: group)
        for number in 1...2 { start(Scanner(number, site), in: group) }
        start(Housekeeper(site, audit), in: group)
        try watch(group)
        try FinalReview(site, audit).run()
    }

    /// Nothing shares a thread: each of them waits for programs.
    private func start(_ actor: some Actor & Sendable, in group: DispatchGroup) {
        group.enter()
        let thread = Thread {
            var actor = actor
            actor.actUntilTheEnd()
            group.leave()
        }
        thread.start()
    }

    /// A line each minute, until all have ended.
    private func watch(_ group: DispatchGroup) throws {
        var nextLine = Date.now.addingTimeInterval(60)
        while group.wait(timeout: .now() + 1) == .timedOut {
            guard Date.now >= nextLine else { continue }
            nextLine = nextLine.addingTimeInterval(60)
            try audit.run()
            let ledger = site.ledger
            let races = ledger["lock races won by qedscan"] + ledger["lock races won by QEMU"]
            say(
                "\(Int((-started.timeIntervalSinceNow / 60).rounded())) min: \(ledger["guest sessions"]) sessions, "
                    + "\(ledger["scans completed"]) scans, \(ledger["qedscan repair"]) repairs, "
                    + "\(ledger["undos compared byte by byte"]) undos compared, \(races) lock races, "
                    + "\(ledger.violations.count) violations")
        }
    }

    /// What was counted, in Markdown.
    func table() -> String {
        let seconds = Int(-started.timeIntervalSinceNow)
        let violations = site.ledger.violations
        var text = "# Soak\n\n\(seconds) s, seed \(site.seed). **\(violations.count) violations.**\n\n"
        text += "| rule | violations |\n|---|--:|\n"
        for rule in Ledger.Rule.allCases {
            text += "| \(rule.rawValue) | \(violations.count { $0.rule == rule }) |\n"
        }
        text += "\n| what | times |\n|---|--:|\n"
        for (name, count) in site.ledger.counts.sorted(by: { $0.key < $1.key }) { text += "| \(name) | \(count) |\n" }
        return text
    }

    /// Removes everything, unless something is wrong.
    func clean() throws {
        guard site.ledger.violations.isEmpty else { return print("everything is kept in \(site.directory)") }
        try FileManager.default.removeItem(atPath: site.directory)
    }
}
