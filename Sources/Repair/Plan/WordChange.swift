/// A change of one word of 8 bytes in place: an entry of a table, or a field of the header.
struct WordChange: Hashable, Sendable {
    let phase: RepairWrite.Phase
    let action: RepairAction
    /// Bytes from the start of the file, a multiple of 8.
    let offset: UInt64
    let before: UInt64
    let after: UInt64
}

extension [WordChange] {
    /// Neighbours within this many bytes are kept together.
    private static var blockSize: UInt64 { 4096 }

    /// The changes as writes, neighbours together, in the order of phases and offsets.
    func writes() -> [RepairWrite] {
        var writes: [RepairWrite] = []
        var run: [WordChange] = []
        func flush() {
            guard let first = run.first else { return }
            writes.append(
                RepairWrite(
                    first.phase, first.action, at: first.offset,
                    .words(before: run.flatMap(\.before.bytes), after: run.flatMap(\.after.bytes))))
            run = []
        }
        for change in sorted(by: { ($0.phase.position, $0.offset) < ($1.phase.position, $1.offset) }) {
            if let last = run.last, !change.continues(last, blockSize: Self.blockSize) { flush() }
            run.append(change)
        }
        flush()
        return writes
    }
}

extension WordChange {
    fileprivate func continues(_ last: WordChange, blockSize: UInt64) -> Bool {
        last.phase == phase && last.action == action && offset == last.offset + 8 && offset % blockSize != 0
    }
}

extension RepairWrite.Phase {
    /// Its place in the order of steps.
    package var position: Int { RepairWrite.Phase.allCases.firstIndex(of: self) ?? 0 }
}

extension UInt64 {
    /// The 8 bytes that stand in a file, least significant first.
    var bytes: [UInt8] { Swift.withUnsafeBytes(of: littleEndian) { Array($0) } }

    /// From the 8 bytes that stand in a file.
    init(bytes: ArraySlice<UInt8>) { self = bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
