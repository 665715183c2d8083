import Foundation
import Glibc
import Lab
import Store
import TestSupport
import Testing

/// `undo` and what it refuses.
@Suite(.endsInTime) struct UndoCommandTests {
    private let fixture: ScanFixture
    private let image: String
    private let damaged: Data

    init() async throws {
        fixture = try ScanFixture()
        image = try fixture.addDamaged()
        damaged = try fixture.directory.contents("pool/disk.qed")
        _ = try await fixture.scan()
    }

    private func stateIfThere() throws -> FileState? {
        FileManager.default.fileExists(atPath: image) ? try FileState(image) : nil
    }

    private func bytes() throws -> Data { try fixture.directory.contents("pool/disk.qed") }

    @Test func undoPutsBackAndUndoOfUndoRepairsAgain() async throws {
        #expect(try await fixture.repair().status == 1 | 2)
        let repaired = try bytes()
        let undo = try await fixture.undo("1")
        #expect(undo.status == 1 | 4, "\(undo)")
        #expect(undo.output.contains("repair 1 undone by repair 2: now corrupt, dirty (3 corruptions, 2 leaks)"))
        #expect(try bytes() == damaged)
        let redo = try await fixture.undo("2")
        #expect(redo.status == 1 | 2, "\(redo)")
        #expect(redo.output.contains("repair 2 undone by repair 3: now leaking (2 leaks)"))
        #expect(try bytes() == repaired)
        #expect(try await fixture.undo("1").status == 1 | 4)
        #expect(try bytes() == damaged)
    }

    @Test func newestIsUndoneFirst() async throws {
        #expect(try await fixture.repair("--only", "clear-invalid").status == 1 | 4)
        let between = try bytes()
        #expect(try await fixture.repair().status == 1 | 2)
        let repaired = try FileState(image)
        for arguments in [["undo", "--yes", "--settle", "0s", "1"], ["undo", "-n", "1"]] {
            let early = try await fixture.run(arguments)
            #expect(early.status == 8, "\(early)")
            #expect(early.errors.contains("the newer repair 2 of the same image must be undone first"))
        }
        #expect(try FileState(image) == repaired)
        #expect(try await fixture.undo("2").status == 1 | 4)
        #expect(try bytes() == between)
        let again = try await fixture.undo("2")
        #expect(again.status == 8)
        #expect(again.errors.contains("repair 2 is already undone, by repair 3"), "\(again.errors)")
        #expect(try await fixture.undo("1").status == 1 | 4)
        #expect(try bytes() == damaged)
    }

    @Test func severalUndosAtOnceRunInTheRightOrder() async throws {
        try fixture.addDamaged("other.qed", [.field(.features, 2)])
        _ = try await fixture.scan()
        _ = try await fixture.repair("--only", "clear-invalid", image)
        _ = try await fixture.repair()
        let result = try await fixture.undo("1", "3", "2", "2", "99")
        #expect(result.status == 1 | 4 | 8, "\(result)")
        #expect(result.errors.contains("there is no repair 99: 'qedscan repair --list' shows them"))
        #expect(try bytes() == damaged)
        #expect(try ImageEditor(path: "\(fixture.pool)/other.qed").read(.features) == 2)
        #expect(try fixture.value("SELECT count(*) FROM repair WHERE undoes_repair_id IS NOT NULL") == .integer(3))
    }

    @Test func aDryRunChangesNothing() async throws {
        _ = try await fixture.repair()
        let before = try FileState(image)
        let result = try await fixture.run("undo", "-n", "1")
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("undo of repair 1: extend-tail, clear-invalid, clone-shared, clear-dirty"))
        #expect(try FileState(image) == before)
        #expect(try fixture.value("SELECT count(*) FROM repair") == .integer(1))
    }

    enum Use: CaseIterable { case written, touched, replaced, removed, longer }

    @Test(arguments: Use.allCases) func anImageThatWasUsedSinceIsLeftAlone(_ use: Use) async throws {
        _ = try await fixture.repair()
        switch use {
        // In the cluster that was copied: no table tells.
        case .written: try ImageEditor(path: image).write([1, 2, 3], at: 12 * 4096)
        case .touched: utimes(image, nil)
        case .replaced:
            let copy = try bytes()
            unlink(image)
            _ = try fixture.directory.write(copy, to: "pool/disk.qed")
        case .removed: unlink(image)
        case .longer: try ImageEditor(path: image).truncate(to: 14 * 4096)
        }
        let before = try stateIfThere()
        let result = try await fixture.undo("1")
        #expect(result.status == 8, "\(result)")
        #expect(result.errors.contains("repair 1 not undone: "))
        if use != .removed {
            #expect(result.errors.contains("the image has changed since the repair, which cannot be undone any more"))
        }
        #expect(try stateIfThere() == before)
        #expect(try fixture.value("SELECT count(*) FROM repair") == .integer(1))
    }

    /// What a scan, a copy or a backup does.
    @Test func readingDoesNotPreventAnUndo() async throws {
        _ = try await fixture.repair()
        _ = try await fixture.scan("--full")
        _ = try bytes()
        chmod(image, 0o600)
        #expect(try await fixture.undo("1").status == 1 | 4)
        #expect(try bytes() == damaged)
    }
}
