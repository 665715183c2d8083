import Files

/// Writes the image of a plan: header, L1 table, and each L2 table as a stream, so that memory does not grow with the
/// image.
package struct ImageWriter {
    private let plan: ImagePlan

    package init(_ plan: ImagePlan) { self.plan = plan }

    /// Makes the file, or replaces the one that is there.
    package func write(to path: String) throws(LabError) {
        try write(to: RawPath(path))
    }

    /// The same for a name that need not be text.
    package func write(to path: RawPath) throws(LabError) {
        try write(to: LabFile(creating: path))
    }

    /// Replaces all that is in a file.
    func write(to file: LabFile) throws(LabError) {
        let pattern = GuestPattern(plan)
        let layout = try ImageLayout(plan, pattern: pattern)
        try file.truncate(to: 0)
        try file.truncate(to: layout.fileClusters * layout.clusterSize)
        let header = plan.header
        try file.write(header.encoded() + Array((plan.backingFilename ?? "").utf8), at: 0)
        try EntryStream.write(to: file, at: header.l1TableOffset.rawValue) { stream throws(LabError) in
            for table in layout.tables {
                try stream.put(table.cluster * layout.clusterSize, at: table.l1Index)
            }
        }
        for position in layout.tables.indices {
            try writeTable(position, layout, pattern, to: file)
        }
        if plan.writesData { try writeData(layout, pattern, to: file) }
    }

    private func writeTable(
        _ position: Int, _ layout: ImageLayout, _ pattern: GuestPattern, to file: LabFile
    ) throws(LabError) {
        let table = layout.tables[position]
        try EntryStream.write(to: file, at: table.cluster * layout.clusterSize) { stream throws(LabError) in
            var slot = table.firstSlot
            var entry: UInt64 = 0
            let end = pattern.usedEntries(of: table.l1Index)
            while entry < end {
                switch pattern.state(ofEntry: entry, of: table.l1Index) {
                case .unallocated: break
                case .zero: try stream.put(1, at: entry)
                case .data:
                    try stream.put(layout.dataCluster(slot: slot, ofTable: position) * layout.clusterSize, at: entry)
                    slot += 1
                }
                entry += 1
            }
        }
    }

    private func writeData(_ layout: ImageLayout, _ pattern: GuestPattern, to file: LabFile) throws(LabError) {
        let cluster = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(layout.clusterSize), alignment: 4096)
        defer { cluster.deallocate() }
        for position in layout.tables.indices {
            let table = layout.tables[position]
            var slot = table.firstSlot
            for entry in 0..<pattern.usedEntries(of: table.l1Index)
            where pattern.state(ofEntry: entry, of: table.l1Index) == .data {
                let guestCluster = table.l1Index * plan.entriesPerTable + entry
                GuestData.fill(cluster, seed: plan.seed, guestOffset: guestCluster * layout.clusterSize)
                let offset = layout.dataCluster(slot: slot, ofTable: position) * layout.clusterSize
                try file.write(UnsafeRawBufferPointer(cluster), at: offset)
                slot += 1
            }
        }
    }
}
