import Files
import Lab
import ScanModel
import TestSupport
import Testing

@testable import QED
@testable import Repair
@testable import Store

/// Chains of undos, and what may be undone next.
@Suite struct UndoOrderTests {
    private let fixture: StoreFixture
    private let image = RawPath("/pool/a.qed")
    private let other = RawPath("/pool/b.qed")

    init() throws {
        fixture = try StoreFixture()
        try fixture.scan { for path in [image, other] { $0.write(CheckedImage(path, .sample())) } }
    }

    @Test func anUndoGoesThroughTheWritesOfItsRootTheOtherWayRound() throws {
        let write = RepairWrite(.pointer, .clearInvalid, at: 8, .words(before: [], after: []))
        try fixture.repair { journal throws in
            let root = try journal.make(image, [write])
            var last = root
            for number in 1...5 {
                last = try journal.make(image, undoes: last)
                let found = try #require(try journal.repair(last))
                #expect(found.record.undoes == last - 1)
                #expect((found.writesID, found.direction) == (root, number % 2 == 0 ? .forward : .backward))
                #expect(try journal.allWrites(of: found.writesID) == [write])
            }
        }
    }

    @Test func anUndoHasNoWritesOfItsOwn() throws {
        try fixture.repair { journal throws in
            let root = try journal.make(image)
            #expect(throws: RepairFailure.self) {
                try journal.prepare(.sample(image, undoes: root), [RepairWrite.samples[0]])
            }
            #expect(try journal.repair(2) == nil)
        }
    }

    @Test func newestIsUndoneFirst() throws {
        try fixture.repair { journal throws in
            let (first, second, elsewhere) = (
                try journal.make(image), try journal.make(image), try journal.make(other)
            )
            #expect(try journal.newestRepair(ofImageOf: first) == second)
            #expect(
                try journal.undoable(first) == "the newer repair \(second) of the same image must be undone first")
            #expect(try journal.undoable(second) == nil)
            #expect(try journal.undoable(elsewhere) == nil)
            let undo = try journal.make(image, undoes: second)
            #expect(try journal.newestRepair(ofImageOf: undo) == first)
            #expect(try journal.undoable(second) == "repair \(second) is already undone, by repair \(undo)")
            #expect(try journal.undoable(undo) == nil)
            #expect(try journal.undoable(first) == nil)
            let redo = try journal.make(image, undoes: undo)
            #expect(try journal.newestRepair(ofImageOf: first) == second)
            #expect(try journal.undoable(second) == nil)
            #expect(try journal.undoable(redo) == nil)
            #expect(try journal.undoable(undo) == "repair \(undo) is already undone, by repair \(redo)")
            #expect(try journal.undoable(first)?.contains("newer repair \(second)") == true)
            let again = try journal.make(image, undoes: second)
            let last = try journal.make(image, undoes: first)
            #expect(try journal.newestRepair(ofImageOf: first) == nil)
            #expect(try journal.undoable(last) == nil)
            #expect(
                try journal.undoable(again)
                    == "repair \(again) is an undo, which can be undone only while it is the newest: repair \(last) "
                    + "came after it")
        }
    }

    @Test func onlyWhatIsDoneAndSavedCanBeUndone() throws {
        try fixture.repair { journal throws in
            #expect(try journal.undoable(1) == "there is no repair 1")
            let prepared = try journal.prepare(.sample(image), [])
            #expect(try journal.undoable(prepared) == "repair 1 is not finished")
            try journal.finish(prepared, .sample(.rolledBack))
            #expect(try journal.undoable(prepared)?.hasPrefix("repair 1 was rolled back") == true)
            let conflict = try journal.prepare(.sample(image), [])
            try journal.finish(conflict, .sample(.conflict))
            #expect(try journal.undoable(conflict) == "repair 2 did not finish (conflict)")
            let unsaved = try journal.make(image, isUndoable: false)
            #expect(
                try journal.undoable(unsaved)
                    == "repair 3 cannot be undone: the leaked clusters that it reclaimed were not saved")
            #expect(try journal.newestRepair(ofImageOf: unsaved) == unsaved)
        }
    }

    @Test func anUndoOutOfOrderIsNotWrittenDown() throws {
        try fixture.repair { journal throws in
            let first = try journal.make(image)
            try journal.make(image)
            for undone in [first, 99] {
                let error = try #require(throws: RepairFailure.self) {
                    try journal.prepare(.sample(image, undoes: undone), [])
                }
                guard case .refused(let refusal) = error else { throw error }
                #expect(try journal.undoable(undone) == refusal.message)
            }
            let elsewhere = try journal.make(other)
            #expect(throws: RepairFailure.self) { try journal.prepare(.sample(image, undoes: elsewhere), []) }
            #expect(try journal.preparedRepairs().isEmpty)
        }
    }

    @Test func theImageIsAsTheLastRepairLeftIt() throws {
        try fixture.repair { journal throws in
            let first = try journal.make(image)
            let second = try journal.prepare(.sample(image), [])
            #expect(try journal.lastFingerprint(since: first) == .sample(2))
            try journal.finish(second, .sample(.rolledBack, after: .sample(3)))
            #expect(try journal.lastFingerprint(since: first) == .sample(3))
            try journal.make(other)
            #expect(try journal.lastFingerprint(since: first) == .sample(3))
            #expect(try journal.lastFingerprint(since: 99) == nil)
        }
    }

    @Test func anImageThatWasUsedBetweenTwoRepairsKeepsTheFirst() throws {
        try fixture.repair { journal throws in
            let first = try journal.make(image)
            let second = try journal.prepare(.sample(image, before: .sample(2, modified: 9)), [])
            try journal.finish(second, .sample(after: .sample(3, modified: 9)))
            let undo = try journal.prepare(.sample(image, undoes: second, before: .sample(3, modified: 9)), [])
            try journal.finish(undo, .sample(after: .sample(2, modified: 10)))
            #expect(try journal.lastFingerprint(since: first) == nil)
            #expect(try journal.lastFingerprint(since: undo) != nil)
            #expect(
                try journal.undoable(first)
                    == "the image was used between repair \(first) and a later one, so it cannot be undone any more")
        }
    }

    @Test func aRepairThatWasRefusedBeforeItsFirstWriteIsNoUse() throws {
        try fixture.repair { journal throws in
            let first = try journal.make(image)
            let refused = try journal.prepare(.sample(image), [])
            try journal.finish(refused, RepairEnd(.rolledBack, message: "not begun: somebody has it open"))
            #expect(try journal.undoable(first) == nil)
        }
    }

    /// The view and `RepairStack` find out independently which repairs are undone, and by which.
    @Test func theViewAgreesWithTheStack() throws {
        let seed = Seed.next()
        var random = SeededRandom(seed: seed)
        try fixture.repair { journal throws in
            for _ in 0..<60 {
                let repairs = try fixture.rows(
                    "SELECT id FROM repair WHERE state = 'done' AND image_id = 1 ORDER BY id")
                let ids = repairs.compactMap { RepairID(sqliteValue: $0[0]) }
                let undoable = try ids.filter { try journal.undoable($0) == nil }
                // The top of the stack and the newest, if that is an undo.
                #expect(undoable.count <= 2 && undoable.isEmpty == ids.isEmpty)
                let undone = Bool.random(using: &random) ? nil : undoable.randomElement(using: &random)
                let id = try journal.prepare(.sample(image, undoes: undone), [])
                let state = Int.random(in: 0..<5, using: &random) == 0 ? RepairState.rolledBack : .done
                try journal.finish(id, .sample(state))
            }
        }
        let rows = try fixture.rows(
            "SELECT repair_id, undoes_repair_id, undone_by_repair_id FROM repair_history WHERE state = 'done' ORDER BY 1"
        )
        let stack = RepairStack(
            try rows.map {
                RepairStack.Entry(
                    id: try #require(RepairID(sqliteValue: $0[0])), undoes: RepairID(sqliteValue: $0[1]))
            })
        #expect(rows.contains { $0[2] != .null }, "\(seed)")
        for row in rows {
            let id = try #require(RepairID(sqliteValue: row[0]))
            #expect(RepairID(sqliteValue: row[2]) == stack.undoer(of: id), "repair \(id), \(seed)")
        }
    }
}
