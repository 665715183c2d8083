import Foundation
import QED
import TestSupport

/// What a guest reads in some windows of an image, as `qemu-img convert --salvage` has it: what cannot be read is zero.
///
/// QEMU goes through an L1 entry that cannot be used sector by sector: for 2 GiB that takes minutes, hence windows.
struct GuestReading {
    /// Images of up to this many bytes are read whole.
    private static let wholeSize: UInt64 = 8 << 20

    /// Bytes of the guest.
    let windows: [Range<UInt64>]
    private let name: String

    /// - Parameter clusters: how many are read from the start of each L1 entry of an image that is not read whole.
    init(of name: String, header: Header, clusters: UInt64) {
        self.name = name
        let clusterSize = UInt64(header.clusterSize)
        let perEntry = header.tableEntryCount * clusterSize
        let size = header.imageSize
        guard size > GuestReading.wholeSize else {
            windows = [0..<size]
            return
        }
        // At most 5 entries: mutated image sizes are vast.
        windows = (0..<5).map { $0 * perEntry }.filter { $0 < size }.map { $0..<min($0 + clusters * clusterSize, size) }
    }

    /// Commands that read all windows into files in a directory; the image is in the directory where they run.
    func commands(_ phase: String, into directory: String) -> [[String]] {
        windows.map { window in
            let image =
                "json:{\"driver\":\"raw\",\"offset\":\(window.lowerBound),\"size\":\(window.count),\"file\":"
                + "{\"driver\":\"qed\",\"backing\":null,\"file\":{\"driver\":\"file\",\"filename\":\"\(name)\"}}}"
            return [
                "timeout", "60", "qemu-img", "convert", "-q", "--salvage", "-O", "raw", image,
                file(phase, window, in: directory),
            ]
        }
    }

    /// The sectors of the guest that read differently in two phases, as ranges of bytes.
    func differences(_ first: String, _ second: String, in directory: String) throws -> [Range<UInt64>] {
        try windows.flatMap { window in
            let (one, other) = (
                try Data(contentsOf: URL(filePath: file(first, window, in: directory))),
                try Data(contentsOf: URL(filePath: file(second, window, in: directory)))
            )
            guard one.count == window.count, other.count == window.count else { throw ReadingError(name: name) }
            guard one != other else { return [] as [Range<UInt64>] }
            return stride(from: 0, to: one.count, by: 512).compactMap { start in
                let sector = start..<min(start + 512, one.count)
                guard one[sector] != other[sector] else { return nil }
                return window.lowerBound + UInt64(sector.lowerBound)..<window.lowerBound + UInt64(sector.upperBound)
            }
        }
    }

    /// Removes the files of a phase.
    func remove(_ phase: String, in directory: String) throws {
        for window in windows { try FileManager.default.removeItem(atPath: file(phase, window, in: directory)) }
    }

    private func file(_ phase: String, _ window: Range<UInt64>, in directory: String) -> String {
        "\(directory)/\(name).\(phase).\(window.lowerBound)"
    }
}

/// A reading of the wrong length.
struct ReadingError: Error {
    let name: String
}

extension [Range<UInt64>] {
    /// Those that are not wholly within one of some other ranges, neighbours of which count as one.
    func outside(_ others: [Range<UInt64>]) -> [Range<UInt64>] {
        var union: [Range<UInt64>] = []
        for range in others.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = union.last, range.lowerBound <= last.upperBound {
                union[union.count - 1] = last.lowerBound..<Swift.max(last.upperBound, range.upperBound)
            } else {
                union.append(range)
            }
        }
        return filter { part in
            !union.contains { $0.lowerBound <= part.lowerBound && part.upperBound <= $0.upperBound }
        }
    }
}
