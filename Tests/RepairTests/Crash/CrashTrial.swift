import Files
import Lab
import NaiveCheck
import QED
import Repair
import TestSupport
import Testing

/// All crash states of one repair, its undo, and the undo of that; and of their recoveries.
struct CrashTrial {
    struct Counts {
        /// States that were recovered.
        var settled = 0
        /// Of them, states that a crash within a recovery left.
        var nested = 0
        /// Guest clusters that read a table's bytes and read others meanwhile.
        var changedTableReads = 0

        mutating func add(_ other: Counts) {
            settled += other.settled
            nested += other.nested
            changedTableReads += other.changedTableReads
        }
    }

    let image: RepairCycle
    private let story: String
    private let guest: GuestView
    private(set) var counts = Counts()
    /// One of so many states crashes again during its recovery.
    var nestingInterval = 4

    init(_ image: RepairCycle, _ story: String) {
        self.image = image
        self.story = "QEDSCAN_SEED=\(Seed.value), \(story)"
        guest = GuestView(image.before)
    }

    /// Nothing is changed before the journal knows, and nothing is open once it says that all is done.
    func expectBarriers() {
        var (isPrepared, isOpen) = (false, false)
        for event in image.log.events {
            switch event {
            case .journal(let rows):
                #expect(!isOpen, "\(story): the journal goes on before the disk has everything")
                isPrepared = rows.last?.state == .prepared
            case .sync: isOpen = false
            case .syncData: break
            default:
                #expect(isPrepared, "\(story): a change without a journal")
                isOpen = true
            }
        }
    }

    mutating func run(using random: inout SeededRandom) throws {
        try settleAll(from: image.before, [], image.log.events, using: &random)
        guard let id = image.id, image.plan.isUndoable else { return }
        var undone = id
        for _ in 0..<2 {
            let (start, rows) = (image.storage.bytes, image.journal.rows)
            let first = image.log.events.count
            undone = try image.session.undo(undone).id
            try settleAll(from: start, rows, Array(image.log.events[first...]), using: &random)
        }
        #expect(image.storage.bytes.isSame(as: image.after), "\(story)")
    }

    private mutating func settleAll(
        from start: [UInt8], _ rows: [MemoryJournal.Row], _ events: [StorageEvent],
        using random: inout SeededRandom
    ) throws {
        let states = CrashStates(start: start, rows: rows, events: events).states(using: &random)
        for (number, state) in states.enumerated() {
            let events = try settle(state, start: start)
            guard number % nestingInterval == 0, !events.isEmpty else { continue }
            let nested = CrashStates(start: state.bytes, rows: state.rows, events: events)
            for state in nested.states(using: &random) {
                counts.nested += 1
                _ = try settle(state, start: start)
            }
        }
    }

    /// Settles a state, and returns what that did.
    private mutating func settle(_ state: CrashState, start: [UInt8]) throws -> [StorageEvent] {
        guard let row = state.rows.last else {
            #expect(state.bytes.isSame(as: start), "\(story): changed without a journal")
            return []
        }
        expectGuestSees(state.bytes)
        guard row.state == .prepared else {
            let isForward = (state.rows.count % 2 == 1) == (row.state == .done)
            #expect(state.bytes.isSame(as: (isForward ? image.after : image.before)), "\(story): \(row.state)")
            return []
        }
        counts.settled += 1
        let log = EventLog()
        let storage = MemoryStorage(state.bytes, log: log)
        let journal = MemoryJournal(state.rows, log: log)
        let session = RepairSession(storage, path: RawPath("image.qed"), journal: journal)
        let result = try session.recover(journal.newest)
        let wasForward = state.rows.count % 2 == 1
        let settled = image.settled(from: state.bytes)
        let isForward = image.reclaims && !state.bytes.isSame(as: image.before)
        #expect(result.state == (wasForward == isForward ? .done : .rolledBack), "\(story): \(result)")
        #expect(storage.bytes.isSame(as: settled) && storage.durable.isSame(as: settled), "\(story): \(result)")
        #expect(journal.rows.last?.state == result.state, "\(story)")
        return log.events
    }

    /// Every cluster that could be read before reads the same, in the middle of a repair as well.
    private mutating func expectGuestSees(_ bytes: [UInt8]) {
        let now = GuestView(bytes)
        for cluster in guest.interestingClusters(now) where guest.reading(cluster) != .unreadable {
            guard !guest.readsTheSame(cluster, in: now) else { continue }
            counts.changedTableReads += 1
            #expect(guest.readsTable(cluster), "\(story): guest cluster \(cluster)")
        }
    }
}
