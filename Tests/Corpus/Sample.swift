import Lab
import QED

/// A sound image that cases start from: two L2 tables with four data clusters each, in the order of their writing.
/// The places of everything are written down here, not computed.
struct Sample: Sendable {
    let name: String
    let plan: ImagePlan
    /// Bytes.
    let clusterSize: UInt64
    /// Entries per table.
    let n: Int
    /// Clusters per table.
    let tableClusters: UInt64
    /// The cluster at which the L1 table begins.
    let l1Table: UInt64
    /// The clusters at which the L2 tables begin.
    let tables: [UInt64]
    /// The first data cluster of each table; three more follow.
    let data: [UInt64]
    /// Clusters in the file.
    let end: UInt64
    /// Clusters of the guest.
    let total: UInt64

    /// 12 clusters: header, L1, table 2, data 3-6, table 7, data 8-11.
    static let small = Sample(
        "4K/1", plan(clusterSize: 4096, tableSize: 1, imageSize: 4 << 20), n: 512,
        l1Table: 1, tables: [2, 7], data: [3, 8], end: 12, total: 1024)
    /// 15 clusters: header, L1 1-2, table 3-4, data 5-8, table 9-10, data 11-14.
    static let medium = Sample(
        "4K/2", plan(clusterSize: 4096, tableSize: 2, imageSize: 8 << 20), n: 1024,
        l1Table: 1, tables: [3, 9], data: [5, 11], end: 15, total: 2048)
    /// 21 clusters: header, L1 1-4, table 5-8, data 9-12, table 13-16, data 17-20.
    static let large = Sample(
        "64K/4", plan(clusterSize: 65536, tableSize: 4, imageSize: 4 << 30), n: 32768,
        l1Table: 1, tables: [5, 13], data: [9, 17], end: 21, total: 65536)
    /// 13 clusters: header 0-1, L1 2, table 3, data 4-7, table 8, data 9-12.
    static let wide = Sample(
        "4K/1/2", plan(clusterSize: 4096, tableSize: 1, imageSize: 4 << 20, headerSize: 2), n: 512,
        l1Table: 2, tables: [3, 8], data: [4, 9], end: 13, total: 1024)

    static let all = [small, medium, large, wide]

    private init(
        _ name: String, _ plan: ImagePlan, n: Int, l1Table: UInt64, tables: [UInt64], data: [UInt64], end: UInt64,
        total: UInt64
    ) {
        self.name = name
        self.plan = plan
        self.clusterSize = UInt64(plan.clusterSize)
        tableClusters = UInt64(plan.tableSize)
        self.n = n
        self.l1Table = l1Table
        self.tables = tables
        self.data = data
        self.end = end
        self.total = total
    }

    private static func plan(
        clusterSize: UInt32, tableSize: UInt32, imageSize: UInt64, headerSize: UInt32 = 1
    ) -> ImagePlan {
        var plan = ImagePlan()
        plan.clusterSize = clusterSize
        plan.tableSize = tableSize
        plan.headerSize = headerSize
        plan.imageSize = imageSize
        plan.guestClusters = .firstOfEachTable(4)
        return plan
    }

    /// A cluster's offset in bytes.
    func at(_ cluster: UInt64) -> UInt64 { cluster * clusterSize }

    /// The guest bytes of `count` L2 entries.
    func guest(_ l1Index: Int, _ l2Index: Int, count: UInt64 = 1) -> GuestRange {
        GuestRange(offset: (UInt64(l1Index * n) + UInt64(l2Index)) * clusterSize, length: count * clusterSize)
    }

    /// The guest bytes of `count` L1 entries, all within the image.
    func guest(_ l1Index: Int, count: UInt64 = 1) -> GuestRange {
        GuestRange(offset: UInt64(l1Index * n) * clusterSize, length: count * UInt64(n) * clusterSize)
    }

    // MARK: - Cases

    /// A case on this image. What `expect` leaves alone is as in the sound image.
    func test(_ what: String, _ edits: [ImageEdit], _ expect: (inout Expectation) -> Void) -> CorpusCase {
        var expected = Expectation(allocated: 8, total: total)
        expect(&expected)
        return CorpusCase(name: "\(what), \(name)", plan: plan, edits: edits, expected: expected)
    }

    /// A case whose header cannot be used.
    func invalid(
        _ what: String, _ edits: [ImageEdit], outcome: Outcome = .invalid, isDirty: Bool = false,
        _ findings: ExpectedFinding...
    ) -> CorpusCase {
        test(what, edits) { expected in
            expected = Expectation(outcome: outcome, isDirty: isDirty, findings: findings)
        }
    }

    // MARK: - Findings

    func l1(
        _ kind: FindingKind, _ index: Int, value: UInt64, count: UInt64 = 1, guest: GuestRange? = nil,
        owner: ClusterOwner? = nil
    ) -> ExpectedFinding {
        ExpectedFinding(
            kind, TableIndex(l1Index: index), value: value, at: at(l1Table) + UInt64(index) * 8, count: count,
            guest: guest ?? self.guest(index), owner: owner)
    }

    func l2(
        _ kind: FindingKind, _ l1Index: Int, _ l2Index: Int, value: UInt64, count: UInt64 = 1,
        guest: GuestRange? = nil, owner: ClusterOwner? = nil
    ) -> ExpectedFinding {
        ExpectedFinding(
            kind, TableIndex(l1Index: l1Index, l2Index: l2Index), value: value,
            at: at(tables[l1Index]) + UInt64(l2Index) * 8, count: count,
            guest: guest ?? self.guest(l1Index, l2Index, count: count), owner: owner)
    }

    func leak(_ cluster: UInt64, count: UInt64) -> ExpectedFinding {
        ExpectedFinding(.clusterLeaked, at: at(cluster), count: count)
    }

    /// An L2 table that only the L1 entry can have had.
    func orphan(_ cluster: UInt64, of l1Index: Int) -> ExpectedFinding {
        ExpectedFinding(
            .tableOrphaned, TableIndex(l1Index: l1Index), value: 1, at: at(cluster), count: 0, guest: guest(l1Index))
    }

    /// An L2 table that more than one L1 entry may have had.
    func orphan(_ cluster: UInt64, ofOneOf entries: UInt64) -> ExpectedFinding {
        ExpectedFinding(.tableOrphaned, value: entries, at: at(cluster), count: 0)
    }

    func partialCluster(_ cluster: UInt64) -> ExpectedFinding {
        ExpectedFinding(.trailingPartialCluster, at: at(cluster), count: 0)
    }

    static func header(_ kind: FindingKind, at offset: UInt64, _ value: UInt64?) -> ExpectedFinding {
        ExpectedFinding(kind, value: value, at: offset, count: 0)
    }
}
