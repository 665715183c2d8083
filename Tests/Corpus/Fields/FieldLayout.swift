import Foundation
import Lab
import QED

/// A small image all of whose fields are changed, one by one.
package struct FieldLayout: Sendable {
    package let name: String
    private let plan: ImagePlan
    private let edits: [ImageEdit]

    /// Whether QEMU opens it at all.
    package var isForQEMU: Bool { plan.tableSize > 1 }

    /// Makes the image.
    package func write(to path: String) throws(LabError) {
        try ImageWriter(plan).write(to: path)
        let editor = try ImageEditor(path: path)
        for edit in edits { try edit.apply(to: editor) }
    }

    /// - Parameter tables: L1 entries in use, each with four clusters of data.
    private init(
        _ name: String, clusterSize: UInt32 = 4096, tableSize: UInt32, tables: UInt64, _ edits: [ImageEdit] = [],
        change: (inout ImagePlan) -> Void = { _ in }
    ) {
        var plan = ImagePlan()
        plan.clusterSize = clusterSize
        plan.tableSize = tableSize
        plan.imageSize = tables * plan.entriesPerTable * UInt64(clusterSize)
        plan.guestClusters = .firstOfEachTable(4)
        plan.writesData = true
        plan.seed = 7
        change(&plan)
        self.name = name
        self.plan = plan
        self.edits = edits
    }
}

extension FieldLayout: CustomStringConvertible {
    package var description: String { name }
}

extension FieldLayout {
    private static let cluster: UInt64 = 4096
    /// The most that tables of two clusters of 4 KiB can map: 1024 * 1024 clusters.
    private static let largestImage: UInt64 = 4 << 30

    /// Those whose name contains what `QEDSCAN_FIELD_LAYOUT` says; all without it.
    package static let chosen: [FieldLayout] = {
        guard let wanted = ProcessInfo.processInfo.environment["QEDSCAN_FIELD_LAYOUT"] else { return all }
        return all.filter { $0.name.contains(wanted) }
    }()

    /// Layouts that differ in everything that the format leaves open.
    package static let all: [FieldLayout] = [
        // 12 clusters: header, L1, table 2, data 3-6, table 7, data 8-11.
        FieldLayout("tables of one cluster", tableSize: 1, tables: 2),
        FieldLayout(
            "header of three clusters, shuffled, leaks", tableSize: 1, tables: 2, [.l2(0, 1, 0), .l2(1, 3, 0)]
        ) {
            $0.headerSize = 3
            $0.allocation = .shuffled
        },
        // 15 clusters: header, L1 1-2, table 3-4, data 5-8, table 9-10, data 11-14.
        FieldLayout("two tables, dirty", tableSize: 2, tables: 2) { $0.features.insert(.needCheck) },
        FieldLayout(
            "sharing of all kinds", tableSize: 2, tables: 2,
            [.l2(1, 0, 5 * cluster), .l2(1, 1, 1 * cluster), .l1(2, 3 * cluster), .l1(3, 10 * cluster)]),
        FieldLayout("truncated, dirty", tableSize: 2, tables: 1, [.length(9 * cluster - 1000)]) {
            $0.features.insert(.needCheck)
        },
        FieldLayout(
            "zero clusters, backing file, shuffled", tableSize: 2, tables: 1, [.l2(0, 8, 1), .l2(0, 9, 1)]
        ) {
            $0.headerSize = 2
            $0.allocation = .shuffled
            $0.backingFilename = "base.raw"
            $0.backingIsRaw = true
        },
        FieldLayout(
            "overlay without data, image of full size", tableSize: 2, tables: 1,
            [.field(.imageSize, largestImage), .field(.autoclearFeatures, 1 << 40)]
        ) {
            $0.guestClusters = .first(0)
            $0.backingFilename = "base.qed"
        },
        FieldLayout(
            "entries beyond a small image, leaks", tableSize: 2, tables: 1,
            [.field(.imageSize, 2 * cluster + 512), .l2(0, 0, 0), .length(12 * cluster)]),
        FieldLayout("tables of four clusters, one bad entry", tableSize: 4, tables: 1, [.l2(0, 2, 1 << 40)]),
        FieldLayout("tables of sixteen clusters", tableSize: 16, tables: 1),
        FieldLayout("clusters of 64 KiB", clusterSize: 65536, tableSize: 2, tables: 1),
    ]
}
