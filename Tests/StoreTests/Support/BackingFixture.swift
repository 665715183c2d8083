import Files
import ScanModel

@testable import QED
@testable import Store

extension BackingTarget {
    /// A file that was found, as a test makes it up.
    static func sample(
        _ path: String, _ state: State = .found, inode: UInt64 = 900, isQED: Bool = true, size: UInt64? = 64 << 20,
        modified: Int64 = 1_000
    ) -> BackingTarget {
        var base = BackingTarget(path: RawPath(path), state: state)
        switch state {
        case .found:
            (base.fileType, base.device, base.inode, base.modificationTime) = (.regular, 3, inode, modified)
            (base.isQED, base.virtualSize) = (isQED, size)
        case .notRegular: base.fileType = .fifo
        default: base.code = 2
        }
        return base
    }
}

extension ImageBacking {
    /// The link of an overlay with inode 10 and a MiB of 64, made at 2000 ns.
    static func sample(
        _ base: BackingTarget, name: String? = nil, isRaw: Bool = false, inode: UInt64 = 10, born: Int64? = 2_000
    ) -> ImageBacking {
        let name = BackingName(bytes: name.map { Array($0.utf8) } ?? base.path.bytes)
        let reference = BackingReference(
            name: name, isRaw: isRaw, imageSize: 64 << 20, inode: inode, birthTime: born)
        return .link(BackingLink(reference: reference, kind: .file, base: base))
    }
}

extension ScanWriter {
    /// An image that was seen again, unchanged.
    func writeReused(imageID: Int64, outcome: Outcome, isDirty: Bool, backing: ImageBacking = .unknown) {
        write([ReusedImage(imageID: imageID, outcome: outcome, isDirty: isDirty, backing: backing)])
    }

    /// An image that was checked, sound unless its report says something else.
    func write(
        _ path: String, inode: UInt64, on backing: ImageBacking = .none, born: Int64? = nil,
        report: CheckResult? = .sample(), outcome: Outcome? = nil
    ) {
        let record = CheckedImage(RawPath(path), report, outcome: outcome, inode: inode)
        write(
            CheckedImage(
                path: record.path, status: record.status, outcome: record.outcome, report: record.report,
                message: record.message, checkedAt: record.checkedAt, duration: record.duration, birthTime: born,
                backing: backing))
    }
}

extension CheckResult {
    static func corrupt(_ corruptions: UInt64, leaks: UInt64 = 0) -> CheckResult {
        .sample { _ in
        } _: {
            ($0.corruptions, $0.leaks) = (corruptions, leaks)
        }
    }
}
