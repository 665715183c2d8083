import Foundation

/// A second checker, written from the specification alone: slow, obvious, and without anything of the program. It wants
/// the whole file in memory, and is for images that can be read.
package struct NaiveReport {
    package enum Outcome: String, Sendable {
        case clean, leaking, corrupt, invalid, unsupported
    }

    /// What an entry, or the header, uses a cluster for.
    package enum Use: Sendable {
        case l1Table, l2Table, data
    }

    package let header: NaiveHeader
    /// Clusters.
    package private(set) var leaks: UInt64 = 0
    package private(set) var corruptions: UInt64 = 0
    package private(set) var allocated: UInt64 = 0
    package private(set) var zero: UInt64 = 0
    package private(set) var fragmented: UInt64 = 0
    /// Clusters of the guest; nil if the header cannot be used.
    package private(set) var total: UInt64?
    /// Everything that refers to a cluster of the file, in the order of the tables. A table that lies on something that
    /// is in use refers to its clusters, but its entries refer to nothing.
    package private(set) var uses: [UInt64: [Use]] = [:]

    private let bytes: [UInt8]

    package init(path: String) throws {
        self.init(Array(try Data(contentsOf: URL(filePath: path))))
    }

    /// Checks an image.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        header = NaiveHeader(bytes)
        guard header.verdict == .usable else { return }
        total = header.guestClusters
        _ = use(header.l1Table, clusters: header.tableSize, as: .l1Table)
        for (_, table) in bytes.entries(ofTableAt: header.l1Table, count: header.entriesPerTable) {
            guard header.isTable(table) else {
                corruptions += 1
                continue
            }
            let sharedClusters = use(table, clusters: header.tableSize, as: .l2Table)
            corruptions += sharedClusters
            if sharedClusters == 0 { walk(table) }
        }
        var cluster = header.headerEnd / header.clusterSize
        while cluster < header.fileClusters {
            if uses[cluster] == nil { leaks += 1 }
            cluster += 1
        }
    }

    package var isDirty: Bool { header.isDirty }

    package var outcome: Outcome {
        switch header.verdict {
        case .invalid: .invalid
        case .unsupported: .unsupported
        case .usable: corruptions > 0 ? .corrupt : leaks > 0 ? .leaking : .clean
        }
    }

    /// What a guest reads, and from where; nil if the header cannot be used.
    package var guest: GuestView? { header.verdict == .usable ? GuestView(bytes) : nil }

    private mutating func walk(_ table: UInt64) {
        var last: UInt64 = 0
        for (_, entry) in bytes.entries(ofTableAt: table, count: header.entriesPerTable) {
            if entry == 1 {
                zero += 1
                continue
            }
            allocated += 1
            if last != 0, entry != last &+ header.clusterSize { fragmented += 1 }
            last = entry
            if header.isCluster(entry) {
                corruptions += use(entry, clusters: 1, as: .data)
            } else {
                corruptions += 1
            }
        }
    }

    /// Notes that clusters are in use, and returns how many of them were already.
    private mutating func use(_ offset: UInt64, clusters: UInt64, as use: Use) -> UInt64 {
        let first = offset / header.clusterSize
        var count: UInt64 = 0
        for cluster in first..<first + clusters {
            if uses[cluster] != nil { count += 1 }
            uses[cluster, default: []].append(use)
        }
        return count
    }
}
