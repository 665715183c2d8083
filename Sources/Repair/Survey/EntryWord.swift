import QED

/// An entry as the 8 bytes that stand in the file.
struct EntryWord: Hashable, Sendable {
    /// More wrong entries than this in one image are not repaired: a bound on memory and on the journal.
    static let limit = 1_000_000

    let place: TableIndex
    /// Where it stands, bytes from the start of the file.
    let offset: UInt64
    let value: UInt64
}

/// An entry whose offset cannot be used.
struct EntryFault: Hashable, Sendable {
    let word: EntryWord
    let fault: OffsetFault
}

/// An L1 entry whose L2 table is another's too.
struct SharedTable: Hashable, Sendable {
    let word: EntryWord
    /// The first L1 entry with the same table.
    let owner: Int
}
