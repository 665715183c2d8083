import Corpus
import Files
import Foundation
import Glibc
import Lab
import QED
import SQLite
import Store
import Synchronization
import TestSupport
import Testing

/// A pool of images, a store, and the built program to scan one into the other.
final class ScanFixture: Sendable {
    let directory: TemporaryDirectory
    let tool: Tool
    let pool: String
    let store: String
    private let hasClockAhead = Atomic<Bool>(false)

    init() throws {
        directory = try TemporaryDirectory()
        tool = try #require(Tool.built("qedscan"), "the program is not built")
        pool = try directory.makeDirectory("pool")
        store = directory.file("store.db")
    }

    // MARK: - Images

    /// Writes a small image of a known defect, by the corpus case's name without its sample's.
    @discardableResult
    func addImage(_ name: String = "disk.qed", _ what: String = "sound, 4K/1") throws -> String {
        let corpusCase = try #require(CorpusCase.all.first { $0.name == what }, "no case '\(what)'")
        try corpusCase.write(to: "\(pool)/\(name)")
        return "\(pool)/\(name)"
    }

    /// Writes a sound image of 200 tables, between which a scan looks whether it is cancelled.
    func addImageOfManyTables(_ name: String = "slow.qed") throws -> String {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 400 << 20
        plan.guestClusters = .firstOfEachTable(1)
        try ImageWriter(plan).write(to: RawPath("\(pool)/\(name)"))
        return "\(pool)/\(name)"
    }

    /// Makes images old enough for the program to use their results again: results of files that changed less than two
    /// seconds before their check are not.
    ///
    /// From now on the program's clock is ahead, so that later images are as old. Where nothing can be preloaded, this
    /// waits instead.
    func ageImages() async throws {
        guard FaultShim.isPossible else { return try await Task.sleep(for: .milliseconds(3100)) }
        hasClockAhead.store(true, ordering: .relaxed)
    }

    // MARK: - The program

    func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Tool.Result {
        try await run(arguments, environment: environment)
    }

    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Tool.Result {
        try await tool.run(arguments, environment: self.environment.merging(environment) { $1 })
    }

    var environment: [String: String] {
        let clock = hasClockAhead.load(ordering: .relaxed) ? FaultShim.clock(ahead: 4) : [:]
        return ["QEDSCAN_DB": store, "SWIFT_BACKTRACE": "enable=no"].merging(clock) { $1 }
    }

    /// The rows that a question gives, by way of the program.
    func rows(_ sql: String) async throws -> [[String: any Sendable]] {
        let result = try await run("query", "--format", "json", sql)
        try #require(result.status == 0, "\(result.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        return try #require(json as? [[String: any Sendable]])
    }

    /// The number that a question gives.
    func number(_ sql: String) async throws -> Int {
        let row = try #require(try await rows(sql).first)
        return try #require(row.values.first as? Int)
    }

    func checkCount() async throws -> Int { try await number("SELECT count(*) AS n FROM check_result") }

    /// Everything the store knows of its images but times, IDs and durations, as lines.
    static func knowledge(of store: String) throws -> [String] {
        let database = try Database(path: store, mode: .readWrite)
        let columns = try database.prepare("SELECT * FROM latest_check").columnNames.filter {
            !["image_id", "checked_at", "scan_id", "duration_us", "check_result_id"].contains($0)
        }
        let statement = try database.prepare(
            "SELECT \(columns.joined(separator: ", ")) FROM latest_check ORDER BY host, path")
        var lines: [String] = []
        while try statement.step() { lines.append("\(try statement.row())") }
        return lines
    }
}

extension Tool {
    /// The program as an ordinary user may run it: root may read and write everything.
    static func unprivileged(_ tool: Tool) async throws -> (
        @Sendable ([String], [String: String]) async throws -> Result
    )? {
        guard geteuid() == 0 else { return { try await tool.run($0, environment: $1) } }
        guard let setpriv = Tool("setpriv") else { return nil }
        let prefix = ["--reuid=65534", "--regid=65534", "--clear-groups", tool.path]
        guard try await setpriv.run(prefix + ["version"]).status == 0 else { return nil }
        return { try await setpriv.run(prefix + $0, environment: $1) }
    }
}

/// Whether a text could act on a terminal: control characters other than the ends of lines.
func hasControlCharacters(_ text: String) -> Bool {
    text.unicodeScalars.contains {
        ($0.value < 0x20 && $0 != "\n") || (0x7F...0x9F).contains($0.value) || (0x202A...0x202E).contains($0.value)
    }
}
