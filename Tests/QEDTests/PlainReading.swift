import Lab
import QED

/// What each cluster of a small image is used for, found out in the plainest way: every reference in a list.
struct PlainReading {
    /// Data in a hole counts as data.
    let uses: [FileUse]

    /// nil if the header cannot be used.
    init?(_ path: String) throws {
        let editor = try ImageEditor(path: path)
        let header = try editor.header()
        guard header.hasMagic, let geometry = try? Geometry(validating: header, fileSize: editor.size()) else {
            return nil
        }
        var references: [UInt64: [FileUse]] = [:]
        func refer(to offset: UInt64, count: UInt64, as use: FileUse) -> Bool {
            let clusters = (0..<count).map { offset / geometry.clusterSize + $0 }
            let areFree = clusters.allSatisfy { references[$0] == nil }
            for cluster in clusters { references[cluster, default: []].append(use) }
            return areFree
        }
        func isValid(_ offset: UInt64, count: UInt64) -> Bool {
            offset % geometry.clusterSize == 0 && offset >= UInt64(max(header.headerSize, 1)) * geometry.clusterSize
                && offset / geometry.clusterSize + count <= geometry.fileSize / geometry.clusterSize
        }
        func entries(of table: UInt64) throws -> [UInt64] {
            let bytes = try editor.read(at: table, count: Int(geometry.tableByteCount))
            return bytes.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: 8).map {
                    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self))
                }
            }
        }
        _ = refer(to: header.l1TableOffset.rawValue, count: geometry.tableClusters, as: .l1Table)
        for table in try entries(of: header.l1TableOffset.rawValue) where table != 0 {
            guard isValid(table, count: geometry.tableClusters),
                refer(to: table, count: geometry.tableClusters, as: .l2Table)
            else { continue }
            for data in try entries(of: table) where data > 1 && isValid(data, count: 1) {
                _ = refer(to: data, count: 1, as: .data)
            }
        }
        let whole = (0..<geometry.fileSize / geometry.clusterSize).map { cluster in
            if cluster < UInt64(max(header.headerSize, 1)) { return FileUse.header }
            let users = references[cluster] ?? []
            return users.isEmpty ? .leaked : users.count > 1 ? .shared : users[0]
        }
        uses = whole + (geometry.fileSize % geometry.clusterSize == 0 ? [] : [.partialTail])
    }
}
