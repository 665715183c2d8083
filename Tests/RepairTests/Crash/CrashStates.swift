import Lab

/// What a crash may leave of an image, and the journal at that time.
struct CrashState {
    let bytes: [UInt8]
    let rows: [MemoryJournal.Row]
}

/// Every state in which a crash may leave an image whose storage recorded these events.
///
/// Between two barriers the disk may have any part of what was written, words of 8 bytes each for itself, and the new
/// length or the old one. Of up to 10 parts all subsets are taken; of more, each prefix of the calls, and a number of
/// subsets at random.
struct CrashStates {
    private static let allSubsetsLimit = 10
    private static let randomSubsets = 128

    let start: [UInt8]
    let rows: [MemoryJournal.Row]
    let events: [StorageEvent]

    /// All different states, in order.
    func states(using random: inout SeededRandom) -> [CrashState] {
        var (durable, rows) = (start, rows)
        var pending: [StorageEvent] = []
        var states: [CrashState] = []
        func addStates() {
            var seen: [Int: [[UInt8]]] = [:]
            for subset in subsets(of: pending, using: &random) {
                var bytes = durable
                for event in subset { event.apply(to: &bytes) }
                let hash = bytes.quickHash
                guard !(seen[hash] ?? []).contains(where: { $0.isSame(as: bytes) }) else { continue }
                seen[hash, default: []].append(bytes)
                states.append(CrashState(bytes: bytes, rows: rows))
            }
        }
        for event in events {
            switch event {
            case .write, .extend, .cut, .punch: pending.append(event)
            case .syncData:
                addStates()
                let (persisted, rest) = pending.splitAtSyncData()
                for event in persisted { event.apply(to: &durable) }
                pending = rest
            case .sync:
                addStates()
                for event in pending { event.apply(to: &durable) }
                pending = []
            case .journal(let newRows):
                addStates()
                rows = newRows
            }
        }
        addStates()
        return states
    }

    private func subsets(of calls: [StorageEvent], using random: inout SeededRandom) -> [[StorageEvent]] {
        let parts = calls.flatMap(\.tornApart)
        if parts.count <= CrashStates.allSubsetsLimit {
            return (0..<1 << parts.count).map { mask in
                parts.indices.filter { mask >> $0 & 1 == 1 }.map { parts[$0] }
            }
        }
        var subsets = (0...calls.count).map { Array(calls[..<$0]) }
        subsets += calls.indices.map { [calls[$0]] }
        for _ in 0..<CrashStates.randomSubsets {
            let share = Int.random(in: 1...15, using: &random)
            subsets.append(parts.filter { _ in Int.random(in: 0..<16, using: &random) < share })
        }
        return subsets
    }
}
