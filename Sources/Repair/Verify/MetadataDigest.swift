import CMessageDigest
import Files
import QED

/// A digest of header, backing file name and tables.
///
/// Data clusters are left out: a guest that writes in place does not change the digest.
enum MetadataDigest {
    /// The fingerprint of an image.
    static func fingerprint(
        of source: any ImageSource, identity: FileIdentity, limits: CheckLimits
    ) throws(RepairFailure) -> ImageFingerprint {
        let bytes = try RepairFailure.wrap { () throws(SystemError) in
            try source.bytes(at: ByteOffset(0), count: Header.byteCount)
        }
        let header = bytes.withUnsafeBytes { Header(decoding: $0) }
        var digest = SHA256()
        digest.update(bytes)
        if header.namesBackingFile {
            let count = Int(min(header.backingFilenameSize, Header.maximumBackingFilenameSize))
            let name = try RepairFailure.wrap { () throws(SystemError) in
                try source.bytes(at: ByteOffset(UInt64(header.backingFilenameOffset)), count: count)
            }
            digest.update(name)
        }
        let whole = OverlaySource(completing: source, header: header)
        if let geometry = Geometry.ofUsable(header, fileSize: whole.size) {
            digest.update(try TableDigest.digest(of: whole, geometry: geometry, limits: limits))
        }
        return ImageFingerprint(identity: identity, header: bytes, metadata: digest.finish())
    }
}

extension Geometry {
    /// nil if the header cannot be used.
    static func ofUsable(_ header: Header, fileSize: UInt64) -> Geometry? {
        do throws(HeaderFault) {
            return try Geometry(validating: header, fileSize: fileSize)
        } catch {
            return nil
        }
    }
}

/// A digest of all entries of the tables and their places. Masked entries count as zero, and the table of a masked L1
/// entry is left out. The entries that a repair changes are masked, and everything else must stay the same.
struct TableDigest: TableVisitor {
    private static let blockEntries = 512

    private let geometry: Geometry
    private let map: ClusterMap
    /// Offsets in the file, in order.
    private let masked: [UInt64]
    private var digest = SHA256()
    private var table = ByteOffset(0)
    private var block = [UInt64](repeating: 0, count: blockEntries)

    private init(geometry: Geometry, map: ClusterMap, masked: [UInt64]) {
        self.geometry = geometry
        self.map = map
        self.masked = masked
    }

    var isFinished: Bool { map.isExhausted }

    /// The 32 bytes for an image.
    ///
    /// - Parameter masked: offsets of words in the file, in any order.
    static func digest(
        of source: any ImageSource, geometry: Geometry, masking masked: [UInt64] = [], limits: CheckLimits
    ) throws(RepairFailure) -> [UInt8] {
        let map = ClusterMap(clusterCount: geometry.fileClusters, budget: limits.memory)
        var visitor = TableDigest(geometry: geometry, map: map, masked: masked.sorted())
        let clock = CheckClock(limits: limits, diskSize: source.diskSize, isCancelled: { false })
        var walk = TableWalk(source: source, geometry: geometry, workspace: CheckWorkspace(), clock: clock)
        walk.run(&visitor)
        if let error = walk.errors.errors.first { throw .image(error.error) }
        if let stop = walk.stop { throw .unexpected(stop.message) }
        if map.isExhausted { throw .unexpected(CheckStop.memoryLimit(bytes: limits.memory.limit).message) }
        return visitor.digest.finish()
    }

    mutating func visitL1Entry(_ value: UInt64, at l1Index: Int) -> Bool {
        let offset = geometry.offset(ofEntry: l1Index, inTableAt: geometry.l1TableOffset).rawValue
        guard firstMasked(from: offset) != offset else { return false }
        digest.update(UInt64(l1Index))
        digest.update(value)
        table = ByteOffset(value)
        guard geometry.fault(ofTableAt: table) == nil else { return false }
        // A shared table is walked once: a hostile image may have millions of entries that share one.
        return map.markRun(from: geometry.cluster(at: table), count: geometry.tableClusters) == 0
    }

    mutating func visitL2Entries(_ entries: UnsafeBufferPointer<UInt64>, at firstL2Index: Int, of l1Index: Int) {
        // Blocks of zeros are skipped, so that it does not matter whether they are holes.
        for first in stride(from: 0, to: entries.count, by: TableDigest.blockEntries) {
            let count = min(TableDigest.blockEntries, entries.count - first)
            for index in 0..<count { block[index] = entries[first + index] }
            for index in count..<TableDigest.blockEntries { block[index] = 0 }
            mask(from: geometry.offset(ofEntry: firstL2Index + first, inTableAt: table).rawValue)
            guard block.contains(where: { $0 != 0 }) else { continue }
            digest.update(UInt64(l1Index))
            digest.update(UInt64(firstL2Index + first))
            block.withUnsafeBytes { digest.update($0) }
        }
    }

    /// Zeroes the masked words of the block at an offset in the file.
    private mutating func mask(from start: UInt64) {
        let end = start + UInt64(TableDigest.blockEntries) * 8
        var next = firstMasked(from: start)
        while let offset = next, offset < end {
            block[Int((offset - start) / 8)] = 0
            next = firstMasked(from: offset + 8)
        }
    }

    /// The first masked word at or after an offset.
    private func firstMasked(from offset: UInt64) -> UInt64? {
        var low = 0
        var high = masked.count
        while low < high {
            let middle = (low + high) / 2
            if masked[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low < masked.count ? masked[low] : nil
    }
}

/// SHA-256 (FIPS 180-4), computed by libmd.
struct SHA256 {
    private var context = SHA2_CTX()

    init() { SHA256Init(&context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256Update(&context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
    }

    mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    mutating func update(_ number: UInt64) { withUnsafeBytes(of: number.littleEndian) { update($0) } }

    /// The 32 bytes of the digest.
    consuming func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        digest.withUnsafeMutableBufferPointer { SHA256Final($0.baseAddress, &context) }
        return digest
    }
}
