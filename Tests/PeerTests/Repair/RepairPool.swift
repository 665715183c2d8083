import Foundation
import TestSupport
import Testing

/// A pool with its own store, and our program to scan, repair and undo in it. Time does not matter here: nobody
/// else has the images.
final class RepairPool: Sendable {
    let directory: TemporaryDirectory
    private let qedscan: Tool
    private let store: String

    init() throws {
        directory = try TemporaryDirectory()
        qedscan = try #require(Tool.built("qedscan"), "the program is not built")
        store = directory.file("store.db")
        _ = try directory.makeDirectory("pool")
    }

    /// The path of an image by its name.
    func path(_ name: String) -> String { directory.file("pool/\(name)") }

    /// Runs commands in the pool one after the other.
    @discardableResult
    func run(_ commands: [[String]]) async throws -> [ShellBatch.Result] {
        try await ShellBatch.run(commands, in: directory.file("pool"))
    }

    func scan() async throws {
        let run = try await run("scan", "-q", directory.file("pool"))
        #expect(run.status & 0x30 == 0, "\(run.errors)")
    }

    /// Repairs everything that the store knows is damaged. Returns the plans by the images' names.
    @discardableResult
    func repair(_ options: [String] = []) async throws -> [String: PlanDocument.Plan] {
        let planFile = directory.file("plan-\(UUID().uuidString).json")
        let run = try await run(["repair", "--yes", "-q", "--settle", "0s", "--plan-out", planFile] + options)
        #expect(run.status & 0x30 == 0, "\(run.errors)")
        #expect(!run.errors.contains("not repaired"), "\(run.errors)")
        let document = try JSONDecoder().decode(
            PlanDocument.self, from: try Data(contentsOf: URL(filePath: planFile)))
        return Dictionary(
            uniqueKeysWithValues: document.images.compactMap { image in
                image.plan.map { (URL(filePath: image.path).lastPathComponent, $0) }
            })
    }

    /// Takes back all repairs that are done. Returns how many.
    @discardableResult
    func undoAll() async throws -> Int {
        let sql = "SELECT id FROM repair WHERE state = 'done' AND undoes_repair_id IS NULL"
        let answer = try await run("query", "--format", "csv", sql)
        let ids = answer.output.split(whereSeparator: \.isNewline).dropFirst().map(String.init)
        guard !ids.isEmpty else { return 0 }
        let undo = try await run(["undo", "--yes", "-q", "--settle", "0s"] + ids)
        #expect(undo.status & 0x30 == 0 && undo.errors.isEmpty, "\(undo.errors)")
        return ids.count
    }

    /// All bytes of an image.
    func contents(_ name: String) throws -> FileContents { try FileContents(path: path(name)) }

    func run(_ arguments: String...) async throws -> Tool.Result { try await run(arguments) }

    private func run(_ arguments: [String]) async throws -> Tool.Result {
        try await qedscan.run(arguments, environment: ["QEDSCAN_DB": store])
    }
}
