import Foundation
import Glibc
import QED

/// What must be true when everybody has gone: nothing is half done, and every repair can be undone.
struct FinalReview {
    private let site: Site
    private let audit: Audit

    init(_ site: Site, _ audit: Audit) {
        self.site = site
        self.audit = audit
    }

    func run() throws {
        try settle()
        try scan()
        for image in site.images.images { try site.verifyGuest(of: image) }
        try undoEverything()
        // Of sound images no repair, and no undo of one, changes what the guest reads.
        for image in site.images.images { try site.verifyGuest(of: image) }
        try judgeStore()
        try judgeFiles()
    }

    private func repair(_ words: [String]) throws -> Run {
        try site.repairer([words[0], "--yes", "--settle", "0s", "--hard-links"] + words.dropFirst())
    }

    /// After a last repair only those are prepared whose image has gone or was replaced.
    private func settle() throws {
        _ = try repair(["repair", "--skip", "clear-dirty"])
        let left = try site.rows(
            """
            SELECT repair.id, path, repair.inode FROM repair JOIN image ON image.id = image_id WHERE state = 'prepared'
            """)
        for row in left {
            guard let path = row["path"] as? String, let inode = row["inode"] as? Int else { continue }
            if access(path, F_OK) == 0, try FileState.inode(path) == UInt64(inode) {
                site.violation(.repair, path, "a repair is not settled: \(row)")
            } else {
                site.ledger.count("prepared repairs of images that have gone")
            }
        }
        let running = try site.rows("SELECT id FROM scan WHERE state = 'running'")
        if !running.isEmpty { site.violation(.store, nil, "scans that still run: \(running)") }
    }

    /// With nobody about, a scan says of each image what qemu-img says.
    private func scan() throws {
        let run = try Scanner.scan(["scan", "--full", "--restart", site.pool], site)
        for image in site.images.images {
            let path = image.path
            let check = try site.img.run(["check", "-f", "qed", "--output=json", path])
            let rows = try site.rows(
                "SELECT outcome FROM latest_check WHERE present AND path IN ('\(path)', '\(image.state.link ?? "")')")
            guard rows.count == 1, let outcome = rows.first?["outcome"] as? String else {
                // One that has lost its magic number is no image.
                if image.kind != .scarred {
                    site.violation(.scan, path, "\(rows.count) rows after a full scan: \(run.account)")
                }
                continue
            }
            let statuses: [Int32: String] = [0: "clean", 2: "corrupt", 3: "leaking"]
            guard let expected = statuses[check.status] else {
                site.ledger.count("images at the end that QEMU does not check: \(outcome)")
                continue
            }
            site.ledger.count("images at the end: \(outcome)")
            if outcome != expected, try !FileState(path: path).hasHiddenEnd {
                site.violation(.scan, path, "\(outcome) by the scan, \(expected) by QEMU: \(check.account)")
            }
        }
    }

    private func undoEverything() throws {
        let rows = try site.rows(
            """
            SELECT repair_id, path FROM repair_history WHERE state = 'done' AND is_undoable
                AND undone_by_repair_id IS NULL AND undoes_repair_id IS NULL ORDER BY repair_id DESC
            """)
        for row in rows {
            guard let id = row["repair_id"] as? Int else { continue }
            let run = try repair(["undo", "\(id)"])
            guard run.status & 1 != 0 else {
                site.ledger.count("undos refused at the end")
                continue
            }
            site.ledger.count("undos done at the end")
            try judgeUndo(of: id, run)
        }
    }

    /// The metadata and the size are those of before the repair.
    private func judgeUndo(of id: Int, _ run: Run) throws {
        let rows = try site.rows(
            """
            SELECT image.path AS path, undo.metadata_sha256_after = old.metadata_sha256_before
                AND undo.size_after = old.size_before AND undo.header_after = old.header_before AS is_same
            FROM repair AS undo JOIN repair AS old ON old.id = undo.undoes_repair_id JOIN image ON image.id = undo.image_id
            WHERE old.id = \(id) AND undo.state = 'done' ORDER BY undo.id DESC LIMIT 1
            """)
        if rows.first?["is_same"] as? Int != 1 {
            site.violation(.undo, rows.first?["path"] as? String, "undo of repair \(id): \(rows) \(run.account)")
        }
    }

    private func judgeStore() throws {
        try audit.run()
        let verify = try site.scanner(["store", "verify"])
        // Of repairs it says whether they can be undone: of some that is so no more, which is no fault.
        if verify.errors.contains("faults;") || ![0, 8].contains(verify.status) {
            site.violation(.store, nil, verify.account)
        }
        site.ledger.count("store verify at the end: status \(verify.status)")
        let check = try site.sqlite.run([site.store, "PRAGMA integrity_check; PRAGMA foreign_key_check"])
        if check.output != "ok\n" { site.violation(.store, nil, check.account) }
        // One that was killed may have been completed just before.
        let (rows, runs) = (audit.completedScans, site.ledger["scans completed"])
        let doubtful = site.ledger["scans killed"] + site.ledger["scans interrupted"]
        if rows < runs || rows > runs + doubtful {
            site.violation(.store, nil, "\(runs) scans were completed, and \(rows) are in the store")
        }
    }

    /// Nothing is left of us, but the store and what we were told to write.
    private func judgeFiles() throws {
        let known = Set(site.images.images.flatMap { [$0.path, $0.state.link].compactMap { $0 } })
        let entries = FileManager.default.enumerator(atPath: site.pool)?.compactMap { $0 as? String } ?? []
        for path in entries.map({ "\(site.pool)/\($0)" }) where !known.contains(path) {
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { continue }
            site.violation(.process, nil, "left behind in the pool: \(path)")
        }
        let expected: Set = [
            "pool", "scratch", "w", "evidence", "store.db", "store.db.lock", "copy.db", "pool.html", "metrics.prom",
        ]
        for name in try FileManager.default.contentsOfDirectory(atPath: site.directory) where !expected.contains(name) {
            site.violation(.process, nil, "left behind: \(site.directory)/\(name)")
        }
    }
}
