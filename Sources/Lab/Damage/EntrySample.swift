import QED

/// Entries of an image that are in use. They are found without reading huge tables completely.
struct EntrySample {
    /// A data entry: its place and its value.
    struct DataEntry {
        let l1Index: Int
        let l2Index: Int
        let value: UInt64
    }

    /// How many entries are searched at a time, and how many are kept at most.
    private static let limit = 32768

    let geometry: Geometry
    private let editor: ImageEditor
    /// L1 entries with a valid offset, in order.
    let tables: [(l1Index: Int, offset: UInt64)]

    init(_ editor: ImageEditor) throws(LabError) {
        self.editor = editor
        geometry = try editor.geometry()
        let geometry = geometry
        tables = try EntrySample.entries(ofTableAt: geometry.l1TableOffset.rawValue, geometry, editor) {
            geometry.fault(ofTableAt: ByteOffset($0)) == nil
        }.map { ($0.index, $0.value) }
    }

    /// A random L1 entry with an L2 table.
    func table(using random: inout SeededRandom) throws(LabError) -> (l1Index: Int, offset: UInt64) {
        guard let table = tables.randomElement(using: &random) else { throw missing("L2 table") }
        return table
    }

    /// A random data entry.
    func data(using random: inout SeededRandom) throws(LabError) -> DataEntry {
        for table in tables.shuffled(using: &random) {
            if let entry = try data(of: table).randomElement(using: &random) { return entry }
        }
        throw missing("data cluster")
    }

    /// Two different data entries, the first one first in the order of the tables.
    func twoData(using random: inout SeededRandom) throws(LabError) -> (DataEntry, DataEntry) {
        let first = try data(using: &random)
        for table in tables.shuffled(using: &random) {
            let others = try data(of: table).filter { $0.value != first.value }
            guard let second = others.randomElement(using: &random) else { continue }
            let isInOrder = (first.l1Index, first.l2Index) < (second.l1Index, second.l2Index)
            return isInOrder ? (first, second) : (second, first)
        }
        throw missing("second data cluster")
    }

    /// A free L1 entry of the image or, if there is none, another one than the given entry.
    func otherL1Index(than l1Index: Int, using random: inout SeededRandom) throws(LabError) -> Int {
        let used = Set(tables.map(\.l1Index))
        let mapped = geometry.imageClusters / UInt64(geometry.entriesPerTable)
        let free = (0..<Int(min(mapped, 4096))).filter { !used.contains($0) }
        if let index = free.randomElement(using: &random) { return index }
        guard let index = used.subtracting([l1Index]).sorted().randomElement(using: &random) else {
            throw missing("second L1 entry")
        }
        return index
    }

    /// The data entries of a table, as many as are kept.
    func data(of table: (l1Index: Int, offset: UInt64)) throws(LabError) -> [DataEntry] {
        let geometry = geometry
        return try EntrySample.entries(ofTableAt: table.offset, geometry, editor) {
            geometry.fault(ofClusterAt: ByteOffset($0)) == nil
        }.map { DataEntry(l1Index: table.l1Index, l2Index: $0.index, value: $0.value) }
    }

    func missing(_ what: String) -> LabError { LabError(path: editor.path, reason: "the image has no \(what)") }

    private static func entries(
        ofTableAt offset: UInt64, _ geometry: Geometry, _ editor: ImageEditor, where isWanted: (UInt64) -> Bool
    ) throws(LabError) -> [(index: Int, value: UInt64)] {
        var found: [(index: Int, value: UInt64)] = []
        var first = 0
        while first < geometry.entriesPerTable, found.count < limit {
            let count = min(limit, geometry.entriesPerTable - first)
            let bytes = try editor.read(at: offset + UInt64(first) * 8, count: count * 8)
            bytes.withUnsafeBytes { buffer in
                for index in 0..<buffer.count / 8 {
                    let value = UInt64(
                        littleEndian: buffer.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
                    if value > 1, isWanted(value) { found.append((first + index, value)) }
                }
            }
            first += count
        }
        return found
    }
}
