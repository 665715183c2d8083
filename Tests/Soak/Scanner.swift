import Foundation
import Glibc
import Lab
import QED

/// Scans the pool, or an image of it, in every way; some scans are killed.
struct Scanner: Actor {
    let name: String
    let site: Site
    var random: SeededRandom

    init(_ number: Int, _ site: Site) {
        name = "scanner \(number)"
        self.site = site
        random = site.random(name)
    }

    mutating func act() throws {
        var words = ["scan", "--wait", "2m"]
        if random.chance(0.4) { words.append("-q") }
        if random.chance(0.25) { words.append("--full") }
        if random.chance(0.1) { words.append("--restart") }
        if random.chance(0.1) { words += ["--max-time", "1s", "--rate", "1M"] }
        if random.chance(0.1) { words.append("--only-changes") }
        if random.chance(0.3) { words += ["-j", "\(Int.random(in: 0...4, using: &random))"] }
        if random.chance(0.1) { words += ["--metrics", "\(site.directory)/metrics.prom"] }
        words += random.chance(0.85) ? [site.pool] : ["\(site.pool)/a", "\(site.pool)/b"]
        let signal =
            random.chance(0.15)
            ? (after: Double.random(in: 0...0.4, using: &random), number: random.pick(SIGKILL, SIGTERM, SIGINT)) : nil
        try Scanner.scan(words, site, signal: signal)
        site.pause(upTo: 1.5, using: &random)
    }

    /// Runs a scan, and counts it if it completed: its row must then be in the store.
    @discardableResult
    static func scan(_ words: [String], _ site: Site, signal: (after: Double, number: Int32)? = nil) throws -> Run {
        let run = try site.scanner(words, signal: signal)
        let last = run.errors.split(separator: "\n").last ?? ""
        let isRefused = last.contains("is in use by another command: ") && !last.hasSuffix("waiting")
        if run.status < 0 {
            site.ledger.count("scans killed")
        } else if run.status & 32 != 0 {
            site.ledger.count("scans interrupted")
        } else if isRefused {
            site.ledger.count("scans that waited in vain")
        } else {
            site.ledger.count("scans completed")
        }
        return run
    }
}
