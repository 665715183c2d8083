import QED

/// Where `qemu-img check` is known to be wrong. Nothing else exempts an image from the comparison.
enum QEMUFault: String, CaseIterable, Sendable {
    /// Its test for overflow takes a table that ends in the cluster where it begins for one that wraps.
    case refusesTableSizeOne
    /// It computes the limit of the image size in 64 bits, which wrap for large tables.
    case imageSizeLimitWraps
    /// With header size 0 it takes the header's cluster for a regular one: an L1 table at offset 0 is good for it.
    case acceptsL1TableInHeader
    /// With header size 0 it counts the header's own cluster as leaked.
    case headerClusterLeaked
    /// It divides by (cluster size - 1) to turn bytes into clusters, so another cluster per so many seems leaked.
    case falseLeaks
    /// For the same reason it marks a table across such a boundary one cluster too early at the end.
    case tableAcrossFalseBoundary
    /// It rounds the file up to 512 bytes: a last cluster that lacks up to 511 of them is whole to it.
    case shortTailIsWhole
    /// It counts in 32 bits.
    case countersWrap
}

/// What QEMU must print for an image of which we know the truth.
struct QEMUExpectation {
    /// By what it differs from our own result.
    private(set) var faults: Set<QEMUFault> = []
    /// nil where `tableAcrossFalseBoundary` or `acceptsL1TableInHeader` leave only bounds.
    private(set) var result: PeerResult?

    private let ours: CheckResult
    private let fileSize: UInt64

    /// - Parameter reason: QEMU's words for a broken rule of the header.
    init(_ file: ImageFile, _ report: CheckResult, reason: (HeaderFault) -> String) throws {
        ours = report
        fileSize = file.size
        guard try file.hasMagic() else {
            result = PeerResult(status: 1, reason: "Image not in QED format")
            return
        }
        guard let header = report.header else { return }
        if QEMUExpectation.touchesPartialCluster(report), QEMUExpectation.isWholeToQEMU(file, header) {
            faults.insert(.shortTailIsWhole)
            let rounded = Checker(usesFastPass: false).check(RoundedSource(file))
            result = expected(rounded, header, reason: reason)
        } else {
            result = expected(report, header, reason: reason)
        }
        if let geometry = report.geometry, try FalseBoundary(geometry).isWithinTable(of: file) {
            faults.insert(.tableAcrossFalseBoundary)
            if result?.counters != nil { result = nil }
        }
    }

    /// Why QEMU's result is not what it must be; nil if it is.
    func disagreement(with peer: PeerResult) -> String? {
        if let result { return result == peer ? nil : "expected \(result), got \(peer)" }
        guard let counters = peer.counters, [0, 2, 3].contains(peer.status) else {
            return "expected counters, got \(peer)"
        }
        let bound = Int64(clamping: ours.corruptions)
        if faults.contains(.tableAcrossFalseBoundary), counters.corruptions > bound {
            return "expected at most \(bound) corruptions, got \(peer)"
        }
        return nil
    }

    private mutating func expected(
        _ report: CheckResult, _ header: Header, reason: (HeaderFault) -> String
    ) -> PeerResult? {
        let comesAfterTables: Set<FindingKind> = [
            .headerSizeTooLarge, .backingFilenameOutsideHeader, .backingFilenameTooLong,
        ]
        let reachesTables = report.fault.map { comesAfterTables.contains($0.kind) } ?? true
        if report.fault?.field == .l1TableOffset || reachesTables {
            if header.imageSize > QEMUExpectation.wrappedImageSizeLimit(header) {
                faults.insert(.imageSizeLimitWraps)
                return PeerResult(status: 1, reason: "QED image size is invalid")
            }
            if reachesTables, header.tableSize == 1 {
                // It looks no further, so nothing else makes a difference.
                faults = [.refusesTableSizeOne]
                return PeerResult(status: 1, reason: "QED table offset is invalid")
            }
        }
        if let fault = report.fault {
            if fault.kind == .l1OffsetInHeader, opensL1InHeader(header) {
                faults.insert(.acceptsL1TableInHeader)
                return nil
            }
            return PeerResult(status: 1, reason: reason(fault))
        }
        return counted(report, header)
    }

    /// Whether the L1 table at offset 0 is good for it: the header has no clusters, and the table ends in the file.
    private func opensL1InHeader(_ header: Header) -> Bool {
        let tableEnd = UInt64(header.tableSize) * UInt64(header.clusterSize)
        return header.headerSize == 0 && header.tableSize > 1 && header.l1TableOffset.rawValue == 0
            && tableEnd <= (fileSize + 511) & ~511
    }

    /// The counters with the leaks that are QEMU's alone.
    private mutating func counted(_ report: CheckResult, _ header: Header) -> PeerResult? {
        guard let leaks = report.qemuLeaks, let geometry = report.geometry else { return nil }
        if header.headerSize == 0 { faults.insert(.headerClusterLeaked) }
        if geometry.fileClusters >= geometry.clusterSize - 1 { faults.insert(.falseLeaks) }
        if QEMUExpectation.isWholeToQEMU(fileSize: geometry.fileSize, header) { faults.insert(.shortTailIsWhole) }
        if report.leaks > UInt64(Int32.max) { faults.insert(.countersWrap) }
        let counters = PeerResult.Counters(report, leaks: leaks)
        return PeerResult(status: counters.status, counters: counters)
    }

    private static func wrappedImageSizeLimit(_ header: Header) -> UInt64 {
        header.tableEntryCount &* header.tableEntryCount &* UInt64(header.clusterSize)
    }

    private static func touchesPartialCluster(_ report: CheckResult) -> Bool {
        let kinds: Set<FindingKind> = [.dataClusterTruncated, .l2TableTruncated, .l1TableTruncated]
        return report.findings.contains { kinds.contains($0.kind) }
    }

    private static func isWholeToQEMU(_ file: ImageFile, _ header: Header) -> Bool {
        isWholeToQEMU(fileSize: file.size, header)
    }

    private static func isWholeToQEMU(fileSize: UInt64, _ header: Header) -> Bool {
        let missing = fileSize % UInt64(header.clusterSize)
        return missing > UInt64(header.clusterSize) - 512
    }
}
