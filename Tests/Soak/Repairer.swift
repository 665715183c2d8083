import Foundation
import Glibc
import Lab

/// Repairs and undoes, alone in doing so: whole pools, single images that a guest is about to open, images of its own.
struct Repairer: Actor {
    let name = "repairer"
    let site: Site
    var random: SeededRandom

    init(_ site: Site) {
        self.site = site
        random = site.random("repairer")
    }

    mutating func act() throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<20: try repairPool()
        case 20..<45: try race()
        case 45..<88:
            var trial = RepairTrial(site: site, random: SeededRandom(seed: random.next()))
            try trial.run()
        default: try undoAny()
        }
        site.pause(upTo: 0.3, using: &random)
    }

    /// Options for what to do, any that may be given together.
    static func options(_ random: inout SeededRandom) -> [String] {
        var words: [String] = []
        if random.chance(0.5) {
            words.append("--reclaim-leaks")
            if random.chance(0.5) { words.append("--save-leaked") }
        }
        if random.chance(0.4) { words += ["--also", random.pick("clone-tables", "clear-autoclear")] }
        if random.chance(0.5) { words += ["--invalid", random.pick("unallocate", "zero", "keep")] }
        if random.chance(0.1) { words += ["--skip", random.pick("clear-dirty", "clone-shared", "extend-tail")] }
        if random.chance(0.2) { words.append("--hard-links") }
        return words
    }

    /// When a run is killed, if it is: at any point of one that takes as long as most do.
    private mutating func signal(_ probability: Double) -> (after: Double, number: Int32)? {
        guard random.chance(probability) else { return nil }
        return (after: Double.random(in: 0...0.5, using: &random), number: random.pick(SIGKILL, SIGKILL, SIGTERM))
    }

    private mutating func repairPool() throws {
        let settle = random.chance(0.05) ? [] : ["--settle", random.pick("0s", "0s", "1s")]
        let words = ["repair", "--yes", "--wait", "2m"] + settle + Repairer.options(&random)
        let run = try site.repairer(words, signal: signal(0.3))
        if run.status >= 0, run.status & 1 != 0 { site.ledger.count("repairs of the pool that repaired something") }
    }

    /// Repairs an image while a guest opens it, until one of the repairs is done.
    private mutating func race() throws {
        guard let image = site.images.take(.sound, using: &random) else { return }
        try Damager.hold(image, site) { try Damager.leaveTraces(in: image, isClosed: true, site, &random) }
        site.images.release(image)
        defer { site.images.contest(nil) }
        for _ in 0..<4 {
            try Scanner.scan(["scan", "-q", "--wait", "2m", image.path], site)
            site.images.contest(image)
            site.pause(upTo: 0.08, using: &random)
            let words = ["repair", "--yes", "--wait", "2m", "--settle", "0s", "--hard-links", "--reclaim-leaks"]
            let run = try site.repairer(words + [image.path], signal: signal(0.1))
            site.ledger.count("repairs raced by guests")
            if run.errors.contains("(test: locks)") { site.ledger.count("lock races won by QEMU") }
            guard run.status < 0 || run.status & 1 == 0 else {
                site.ledger.count("repairs raced by guests that were done")
                break
            }
        }
    }

    /// Takes any repair back that the journal still lists, if its image is as it was left.
    private mutating func undoAny() throws {
        let rows = try site.rows(
            "SELECT repair_id FROM repair_history WHERE state = 'done' AND is_undoable AND undone_by_repair_id IS NULL "
                + "ORDER BY repair_id DESC LIMIT 20")
        guard let id = rows.compactMap({ $0["repair_id"] as? Int }).randomElement(using: &random) else { return }
        let words = ["undo", "--yes", "--wait", "2m", "--settle", "0s", "--hard-links", "\(id)"]
        let run = try site.repairer(words, signal: signal(0.2))
        if run.status >= 0 { site.ledger.count(run.status & 1 != 0 ? "undos done" : "undos refused") }
    }
}
