import Foundation
import Glibc
import Lab
import QED
import TestSupport

/// Where a soak takes place: its directory, the programs, the images, and what is known of what happened.
final class Site: Sendable {
    let directory: String
    let seed: UInt64
    let deadline: Date
    let qedscan, img, io, nbd, sqlite: Program
    let images = ImageSet()
    let ledger = Ledger()
    let times = TimeLog()

    var pool: String { "\(directory)/pool" }
    var store: String { "\(directory)/store.db" }
    var scratch: String { "\(directory)/scratch" }
    /// Sockets and files that become images.
    var workshop: String { "\(directory)/w" }

    init(qedscan path: String, seed: UInt64, seconds: Double) throws {
        // Short, since it is part of the paths of sockets.
        directory = FileManager.default.temporaryDirectory.path + "/soak-\(UUID().uuidString.prefix(8))"
        self.seed = seed
        deadline = Date.now.addingTimeInterval(seconds)
        for part in ["", "/pool", "/pool/a", "/pool/b", "/scratch", "/w", "/evidence"] {
            try FileManager.default.createDirectory(atPath: directory + part, withIntermediateDirectories: true)
        }
        let scratch = "\(directory)/scratch"
        func find(_ name: String) throws -> Program {
            guard let tool = Tool(name) else { throw SoakError(reason: "there is no \(name)") }
            return Program(tool, scratch: scratch)
        }
        qedscan = try find(path)
        img = try find("qemu-img")
        io = try find("qemu-io")
        nbd = try find("qemu-nbd")
        sqlite = try find("sqlite3")
    }

    /// Time is up, or enough was found to be wrong.
    var isOver: Bool { Date.now >= deadline || ledger.violations.count >= Ledger.enough }

    /// Random numbers for one of the actors.
    func random(_ actor: String) -> SeededRandom {
        var mixed = seed
        for byte in actor.utf8 { mixed = mixed &* 0x100_0000_01B3 ^ UInt64(byte) }
        return SeededRandom(seed: mixed)
    }

    /// Sleeps for a random time of up to `seconds`.
    func pause(upTo seconds: Double, using random: inout SeededRandom) {
        usleep(UInt32(Double.random(in: 0...seconds, using: &random) * 1_000_000))
    }

    /// Notes a violation, with a copy of the image that it is about.
    func violation(_ rule: Ledger.Rule, _ image: String?, _ text: String) {
        var place = ""
        if let image {
            let copy = "\(directory)/evidence/\(ledger.violations.count)-\(URL(filePath: image).lastPathComponent)"
            do {
                try FileManager.default.copyItem(atPath: image, toPath: copy)
                place = "\n  copy: \(copy)"
            } catch {
                place = "\n  no copy: \(error)"
            }
        }
        ledger.violation(rule, (image.map { "\($0): " } ?? "") + text + place)
    }
}

// MARK: - Programs

extension Site {
    /// Runs one of our commands and looks at how it ended.
    func scanner(
        _ arguments: [String], signal: (after: Double, number: Int32)? = nil, from moment: () -> Bool = { true }
    ) throws -> Run {
        let run = try qedscan.run(["--db", store] + arguments, signal: signal, from: moment)
        ledger.count("qedscan \(arguments[0])" + (arguments[0] == "store" ? " \(arguments[1])" : ""))
        if run.hung { violation(.process, nil, "it did not end: \(run.account)") }
        let isKilled = run.status < 0 && run.sent.map { -$0 } == run.status
        if isKilled { ledger.count("qedscan killed") }
        if !isKilled, run.status < 0 || run.status & 16 != 0 || run.status > 63 {
            violation(.process, nil, "an unexpected status: \(run.account)")
        }
        return run
    }

    /// The same for those that write to images, which is noted.
    func repairer(
        _ arguments: [String], signal: (after: Double, number: Int32)? = nil, from moment: () -> Bool = { true }
    ) throws -> Run {
        let number = times.writerBegins()
        let run = try scanner(arguments, signal: signal, from: moment)
        times.writerEnds(number, wasKilled: run.sent == SIGKILL)
        for line in run.errors.split(separator: "\n") {
            guard let start = line.range(of: "(test: "), let end = line[start.upperBound...].firstIndex(of: ")") else {
                continue
            }
            ledger.count("refused by test \(line[start.upperBound..<end])")
        }
        return run
    }

    /// Whether a program of QEMU could not have an image because of a lock; then a repair must have been at work.
    func isRefused(_ run: Run, _ image: String) -> Bool {
        guard run.isLocked else { return false }
        ledger.count("lock races won by qedscan")
        if !times.hasWriter(from: run.began, to: run.ended) {
            violation(.locks, image, "locked while no repair ran: \(run.account)")
        }
        return true
    }

    /// Rows of the store, as the sqlite3 program reads them.
    func rows(_ sql: String) throws -> [[String: Any]] {
        for _ in 0..<50 {
            let run = try sqlite.run(["-readonly", "-json", "-cmd", ".timeout 20000", store, sql])
            if run.status == 0 {
                guard !run.output.isEmpty else { return [] }
                return try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]] ?? []
            }
            // Between two journal modes a reader without the right to write may be sent away.
            guard
                run.errors.contains("locked") || run.errors.contains("unable to open")
                    || run.errors.contains("readonly")
            else { throw SoakError(reason: run.account) }
            usleep(20_000)
        }
        throw SoakError(reason: "the store cannot be read")
    }
}
