import Foundation
import Glibc
import Lab
import QED

/// A repair of an image that nobody else uses meanwhile, held to all that a repair promises.
struct RepairTrial {
    let site: Site
    var random: SeededRandom

    /// What is known of an image at one moment.
    private struct View {
        let state: FileState
        let check: CheckCounts?
        /// What the guest reads; nil if it is too large, or if QEMU does not open the image.
        let guest: Data?
    }

    /// What `qemu-img check` counts.
    struct CheckCounts: Hashable, CustomStringConvertible {
        let corruptions: Int
        let leaks: Int
        var description: String { "\(corruptions) corruptions, \(leaks) leaks" }
    }

    mutating func run() throws {
        guard let image = site.images.take(.scarred, using: &random) else { return }
        var isSpent = false
        defer {
            if !isSpent { site.images.release(image) }
        }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            try Damager.hold(image, site) { _ = try Damager.damage(image, site, &random) }
        }
        let path = image.path
        try compareScan(path)
        let before = try view(path)
        let options = Repairer.options(&random).filter { $0 != "--hard-links" } + ["--hard-links"]
        let start = ["repair", "--yes", "--wait", "2m", "--settle", "0s"] + options
        if random.chance(0.35) {
            try interrupt(start + [path], path, before)
        } else {
            try repair(start + [path], path, before)
        }
        // After some defects there is nothing left to damage.
        let isUnusable = try qemuCheck(path) == nil
        if isUnusable || random.chance(0.2) {
            isSpent = true
            var administrator = Administrator(site: site, random: SeededRandom(seed: random.next()))
            try administrator.remove(image)
        }
    }

    // MARK: - The promises

    private mutating func repair(_ words: [String], _ path: String, _ before: View) throws {
        let run = try site.repairer(words)
        let repaired = try view(path)
        site.ledger.count("repairs of reserved images")
        guard run.status & 1 != 0 else {
            // Refused, or nothing to do: then nothing is written. A scan may have had it open, for its lease.
            if before.state != repaired.state {
                site.violation(.repair, path, "not repaired, and changed: \(run.account)")
            }
            return
        }
        site.ledger.count("repairs of reserved images that were done")
        guard let id = try repairID(path) else {
            return site.violation(.repair, path, "no repair of it is in the store: \(run.account)")
        }
        try compare(before, repaired, id, run, path)
        // Leaks are given back when nothing else is wrong any more: that takes a second run.
        let isTwoRuns = before.check?.corruptions != 0 || before.state.hasHiddenEnd
        try repairAgain(
            words.filter { !isTwoRuns || !["--reclaim-leaks", "--save-leaked"].contains($0) }, path, repaired)
        try undo(id, path, before, repaired)
    }

    private func compare(_ before: View, _ repaired: View, _ id: Int, _ run: Run, _ path: String) throws {
        if let old = before.check, let new = repaired.check {
            // Clearing and cloning leave leaks; never corruptions. But a table that lay on something is read once it does
            // not any more, and what it keeps on request counts from then on.
            let isKept = run.output.contains("invalid entries are kept, as requested")
            if new.corruptions > old.corruptions, !isKept {
                site.violation(.repair, path, "\(old) before, \(new) after: \(run.account)")
            }
        } else if before.check != nil {
            site.violation(.repair, path, "QEMU cannot check it any more: \(run.account)")
        }
        guard let old = before.guest, let new = repaired.guest else { return }
        var expected = old
        let effects = try site.rows(
            "SELECT guest_offset, guest_length FROM repair_effect WHERE repair_id = \(id)")
        for effect in effects {
            guard let offset = effect["guest_offset"] as? Int, let length = effect["guest_length"] as? Int else {
                continue
            }
            let end = offset.addingReportingOverflow(length)
            let range = min(offset, old.count)..<min(end.overflow ? .max : end.partialValue, old.count)
            guard new.count == old.count else { break }
            expected.replaceSubrange(range, with: new[range])
        }
        site.ledger.count("disks compared across a repair")
        if expected != new {
            let first = zip(expected, new).enumerated().first { $1.0 != $1.1 }?.offset
            site.violation(
                .guest, path, "repair \(id) changed guest byte \(first.map(String.init) ?? "count"): \(run.account)")
        }
    }

    private mutating func repairAgain(_ words: [String], _ path: String, _ repaired: View) throws {
        try Scanner.scan(["scan", "-q", "--wait", "2m", path], site)
        let run = try site.repairer(words)
        let now = try FileState(path: path)
        site.ledger.count("second repairs")
        if now != repaired.state || run.status & 1 != 0 {
            site.violation(
                .repair, path, "a second repair wrote (\(repaired.state.difference(from: now))): \(run.account)")
        }
    }

    private mutating func undo(_ id: Int, _ path: String, _ before: View, _ repaired: View) throws {
        let isUndoable = try site.rows("SELECT is_undoable FROM repair WHERE id = \(id)").first?["is_undoable"] as? Int
        guard isUndoable == 1, random.chance(0.8) else { return }
        let words = ["undo", "--yes", "--wait", "2m", "--settle", "0s", "--hard-links", "\(id)"]
        // A scan has the image open for a moment, which an undo takes for a user.
        for _ in 0..<20 {
            let run = try site.repairer(words)
            guard run.status & 1 == 0 else { break }
            guard run.errors.contains("(test: lease)") else {
                return site.violation(.undo, path, "repair \(id) cannot be undone: \(run.account)")
            }
            usleep(100_000)
        }
        let now = try FileState(path: path)
        guard now != repaired.state || before.state == repaired.state else { return }
        site.ledger.count("undos compared byte by byte")
        if now != before.state {
            site.violation(.undo, path, "undo of repair \(id): \(before.state.difference(from: now))")
        }
    }

    /// Kills a repair; the next one recovers it, so that the image is as before, or repaired.
    private mutating func interrupt(_ words: [String], _ path: String, _ before: View) throws {
        // Once the image has been written to there are some milliseconds left.
        let (time, size) = try RepairTrial.times(path)
        let signal = (after: random.pick(0, 0, Double.random(in: 0...0.01, using: &random)), number: SIGKILL)
        _ = try site.repairer(words, signal: signal) {
            do {
                return try RepairTrial.times(path) != (time, size)
            } catch {
                return false
            }
        }
        guard let id = try preparedID(path) else { return }
        site.ledger.count("repairs killed half way")
        // A repair of any image recovers all interrupted ones; of an image that is never damaged it does nothing else.
        guard let base = site.images.images.first(where: { $0.kind == .base }) else { return }
        for _ in 0..<20 where try preparedID(path) != nil {
            // A scan may have the image open.
            _ = try site.repairer(["repair", "--yes", "--wait", "2m", "--settle", "0s", base.path])
            usleep(50_000)
        }
        let state = try site.rows("SELECT state FROM repair WHERE id = \(id)").first?["state"] as? String
        site.ledger.count("repairs settled after a kill: \(state ?? "gone")")
        let after = try view(path)
        if state == nil || state == "prepared" || state == "conflict" {
            site.violation(
                .repair, path, "repair \(id) was killed, nobody used the image, and it is \(state ?? "gone")")
        }
        if state == "rolled_back", after.state != before.state {
            site.violation(.undo, path, "repair \(id), rolled back: \(before.state.difference(from: after.state))")
        }
        if let old = before.check, let new = after.check, new.corruptions > old.corruptions {
            site.violation(.repair, path, "\(old) before a killed repair, \(new) after it was settled")
        }
    }

    // MARK: - What is so

    private func repairID(_ path: String) throws -> Int? {
        try site.rows("SELECT max(repair_id) AS id FROM repair_history WHERE path = '\(path)'").first?["id"] as? Int
    }

    private static func times(_ path: String) throws -> (Int, Int) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw SoakError(reason: "\(path): \(String(cString: strerror(errno)))") }
        return (status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec, Int(status.st_size))
    }

    private func preparedID(_ path: String) throws -> Int? {
        let rows = try site.rows("SELECT repair_id FROM repair_history WHERE path = '\(path)' AND state = 'prepared'")
        return rows.first?["repair_id"] as? Int
    }

    private func view(_ path: String) throws -> View {
        let state = try FileState(path: path)
        let check = try qemuCheck(path)
        var guest: Data?
        if check != nil, let header = try? ImageEditor(path: path).header(), header.imageSize <= 32 << 20 {
            guest = try site.guestContents(path, salvages: true)?.1
        }
        return View(state: state, check: check, guest: guest)
    }

    /// nil if QEMU does not open it, or cannot read a table.
    private func qemuCheck(_ path: String) throws -> CheckCounts? {
        let run = try site.img.run(["check", "-f", "qed", "--output=json", path])
        guard [0, 2, 3].contains(run.status),
            let object = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        else { return nil }
        return CheckCounts(corruptions: object["corruptions"] as? Int ?? 0, leaks: object["leaks"] as? Int ?? 0)
    }

    /// Scans the image, and compares what the store then says with what QEMU and our own check say.
    private func compareScan(_ path: String) throws {
        let scan = try Scanner.scan(["scan", "-q", "--wait", "2m", path], site)
        guard let qemu = try qemuCheck(path), try !FileState(path: path).hasHiddenEnd else { return }
        let rows = try site.rows(
            "SELECT outcome, corruptions, qemu_leaks AS leaks FROM latest_check WHERE path = '\(path)'")
        guard let row = rows.first, let outcome = row["outcome"] as? String else { return }
        // A repair's result, or one of two scans that run in turn, says the same.
        guard ["clean", "leaking", "corrupt"].contains(outcome) else {
            site.ledger.count("scans of reserved images that are \(outcome)")
            return
        }
        site.ledger.count("scans compared with qemu-img check")
        let ours = CheckCounts(corruptions: row["corruptions"] as? Int ?? -1, leaks: row["leaks"] as? Int ?? -1)
        let check = try site.scanner(["check", path])
        let status: Int32 = outcome == "corrupt" ? 2 : outcome == "leaking" ? 3 : 0
        if ours != qemu || check.status != status {
            site.violation(.scan, path, "\(outcome), \(ours); QEMU: \(qemu)\n  \(check.account)\n  \(scan.account)")
        }
    }
}
