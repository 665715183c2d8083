import Files
import Foundation
import Lab
import QED
import TestSupport
import Testing

/// Our repair of the one image of a bench. Time does not matter here: nobody else has the image.
extension Bench {
    private func qedscan(_ arguments: [String]) async throws -> Tool.Result {
        let tool = try #require(Tool.built("qedscan"), "the program is not built")
        return try await tool.run(arguments, environment: ["QEDSCAN_DB": directory.file("store.db")])
    }

    /// Scans and repairs the image. Returns the exit status, which tells by its bits what came of it.
    @discardableResult
    func repair(_ options: String...) async throws -> Int32 {
        _ = try await qedscan(["scan", "-q", "--full", path])
        let run = try await qedscan(["repair", "--yes", "-q", "--settle", "0s"] + options + [path])
        #expect(run.status & 0x38 == 0, "\(run.errors)")
        return run.status
    }

    /// Changes the image. It is closed again afterwards: one that is open cannot be repaired.
    func edit(_ body: (ImageEditor) throws -> Void) throws { try body(try ImageEditor(path: path)) }

    func undo(_ id: Int) async throws -> Tool.Result {
        try await qedscan(["undo", "--yes", "-q", "--settle", "0s", String(id)])
    }

    /// Takes the only repair back.
    func undoRepair() async throws {
        let run = try await undo(1)
        #expect(run.status & 0x38 == 0, "\(run.errors)")
    }

    /// Runs commands of qemu-io on the image, read-only and without its backing file unless it is asked for. The
    /// status is not 0 if a pattern is not found.
    func read(_ commands: [String], withBacking: Bool = false) async throws -> ShellBatch.Result {
        let arguments = commands.flatMap { ["-c", $0] }
        let image = withBacking ? ["-f", "qed", path] : [QEMUImage.withoutBacking(path)]
        return try await run(["qemu-io", "-r"] + arguments + image)[0]
    }

    /// All bytes of the image.
    func contents() throws -> Data { try Data(contentsOf: URL(filePath: path)) }

    /// The dirty bit as it is in the file.
    func isDirty() throws -> Bool { try contents()[Int(HeaderField.features.offset)] & 2 != 0 }

    /// The bytes of disk that the file takes.
    func diskUsage() throws -> UInt64 { try ImageFile(path: RawPath(path)).diskSize }
}
