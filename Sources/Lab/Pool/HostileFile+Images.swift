import Files
import QED

extension HostileFile {
    /// Writes the image of a case that is one by its contents.
    func writeImage(to path: RawPath, _ scale: Scale) throws(LabError) {
        let file = try LabFile(creating: path)
        // The count of L1 entries goes with the size of clusters.
        let longest: UInt32 = scale == .full ? 1 << 20 : 1 << 16
        let tables: UInt64 = scale == .full ? 32 : 4
        switch self {
        case .fullL1OfHoles: try HostileImage(file, clusterSize: longest, tableSize: 16).fillL1WithHoles()
        case .l1OnItself: try HostileImage(file, clusterSize: longest, tableSize: 16).pointL1AtItself()
        case .hugeSparse:
            var plan = ImagePlan()
            plan.guestClusters = .first(4)
            try ImageWriter(plan).write(to: file)
            _ = try file.extend(toAtMost: .max)
        case .scattered: try HostileImage(file, clusterSize: 4096, tableSize: 16).scatter()
        case .overlappingTables: try HostileImage(file, clusterSize: 4096, tableSize: 16).overlapTables()
        case .oneSharedCluster: try HostileImage(file, clusterSize: 65536, tableSize: 16).shareOneCluster(tables)
        case .alternatingOwners: try HostileImage(file, clusterSize: 65536, tableSize: 16).alternateOwners(tables)
        case .sparseTables: try HostileImage(file, clusterSize: 1 << 20, tableSize: 16).spreadEntries()
        case .garbage: try HostileImage(file, clusterSize: 65536, tableSize: 4).fillWithGarbage()
        case .largestClaims: try HostileImage(file, clusterSize: 1 << 26, tableSize: 16).claimTheLargest()
        case .everyBit: try file.write(Array("QED\0".utf8) + [UInt8](repeating: 0xFF, count: 1 << 16), at: 0)
        case .magicAlone: try file.write(Array("QED\0".utf8), at: 0)
        default: try HostileImage(file, clusterSize: 1 << 26, tableSize: 16).useGiantTables()
        }
    }
}

/// A hostile image in the making: header and L1 table at the start, the rest as each case wants it.
private struct HostileImage {
    private let file: LabFile
    private let header: Header
    private let clusterSize: UInt64
    private let tableBytes: UInt64
    /// Entries per table.
    private let n: UInt64
    private var l1Table: UInt64 { clusterSize }
    /// Where the first cluster after the L1 table begins.
    private var start: UInt64 { l1Table + tableBytes }

    init(_ file: LabFile, clusterSize: UInt32, tableSize: UInt32) throws(LabError) {
        var plan = ImagePlan()
        plan.clusterSize = clusterSize
        plan.tableSize = tableSize
        var header = plan.header
        header.imageSize = min(header.maximumImageSize, 1 << 62)
        self.file = file
        self.header = header
        self.clusterSize = UInt64(clusterSize)
        tableBytes = UInt64(clusterSize) * UInt64(tableSize)
        n = header.tableEntryCount
        try file.write(header.encoded(), at: 0)
    }

    func fillL1WithHoles() throws(LabError) {
        let end = try file.extend(toAtMost: start + n * tableBytes)
        let count = min((end - start) / tableBytes, n)
        try writeL1(count: count) { start + $0 * tableBytes }
    }

    func pointL1AtItself() throws(LabError) {
        try file.truncate(to: start)
        try writeL1(count: n) { _ in l1Table }
    }

    /// Each table has data in its first 4 KiB only, and each of those 512 entries needs a part of the map of its own.
    func scatter() throws(LabError) {
        let end = try file.extend(toAtMost: 16 << 40)
        let tables: UInt64 = 4096
        let spacing = (end - start) / tables & ~(tableBytes - 1)
        let clusters = Permutation(count: (end - start) / clusterSize, seed: 1)
        try writeL1(count: tables) { start + $0 * spacing }
        for table in 0..<tables {
            try writeTable(at: start + table * spacing, count: 512) {
                start + clusters[table * 512 + $0] * clusterSize
            }
        }
    }

    func overlapTables() throws(LabError) {
        let step = tableBytes - clusterSize
        try file.truncate(to: start + n * step + tableBytes)
        try writeL1(count: n) { start + $0 * step }
    }

    func shareOneCluster(_ tables: UInt64) throws(LabError) {
        let data = start + tables * tableBytes
        try file.truncate(to: data + clusterSize)
        try writeL1(count: tables) { start + $0 * tableBytes }
        for table in 0..<tables {
            try writeTable(at: start + table * tableBytes, count: n) { _ in data }
        }
    }

    /// The first two tables own every other cluster; the rest refer to all of them in order.
    func alternateOwners(_ tables: UInt64) throws(LabError) {
        let data = start + tables * tableBytes
        try file.truncate(to: data + 2 * n * clusterSize)
        try writeL1(count: tables) { start + $0 * tableBytes }
        for table in 0..<tables {
            try writeTable(at: start + table * tableBytes, count: n) { entry in
                data + (table < 2 ? 2 * entry + table : entry) * clusterSize
            }
        }
    }

    /// One zero cluster in each 256 KiB of a table: no other is so small a piece that holds data.
    func spreadEntries() throws(LabError) {
        let tables: UInt64 = 128
        try file.truncate(to: start + tables * tableBytes)
        try writeL1(count: tables) { start + $0 * tableBytes }
        for table in 0..<tables {
            try EntryStream.write(to: file, at: start + table * tableBytes) { stream throws(LabError) in
                for entry in stride(from: 0, to: n, by: 32768) { try stream.put(1, at: entry) }
            }
        }
    }

    func fillWithGarbage() throws(LabError) {
        var random = SeededRandom(seed: 1)
        for piece in 0..<16 as Range<UInt64> {
            try file.write(random.bytes(1 << 20), at: l1Table + piece << 20)
        }
    }

    func claimTheLargest() throws(LabError) {
        var header = header
        header.imageSize = 1 << 63
        try file.write(header.encoded(), at: 0)
        try file.truncate(to: start)
        try EntryStream.write(to: file, at: l1Table) { stream throws(LabError) in
            for (entry, value) in [(0, UInt64.max), (1, UInt64.max & ~(clusterSize - 1)), (n - 2, 1 << 63), (n - 1, 1)]
            {
                try stream.put(value, at: entry)
            }
        }
    }

    func useGiantTables() throws(LabError) {
        let tables: UInt64 = 3
        let data = start + tables * tableBytes
        try file.truncate(to: data + 3 * tables * clusterSize)
        try writeL1(count: tables) { start + $0 * tableBytes }
        for table in 0..<tables {
            try EntryStream.write(to: file, at: start + table * tableBytes) { stream throws(LabError) in
                for (position, entry) in [0, n / 2, n - 1].enumerated() {
                    try stream.put(data + (3 * table + UInt64(position)) * clusterSize, at: entry)
                }
            }
        }
    }

    private func writeL1(count: UInt64, _ value: (UInt64) -> UInt64) throws(LabError) {
        try writeTable(at: l1Table, count: count, value)
    }

    /// Writes entries from the start of a table.
    private func writeTable(
        at offset: UInt64, count: UInt64, _ value: (UInt64) -> UInt64
    ) throws(LabError) {
        try EntryStream.write(to: file, at: offset) { stream throws(LabError) in
            for entry in 0..<count { try stream.put(value(entry), at: entry) }
        }
    }
}
