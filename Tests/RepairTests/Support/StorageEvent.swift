/// What happened to an image and to its journal, in order.
enum StorageEvent: Sendable {
    case write([UInt8], at: Int)
    case extend(Int)
    case cut(Int)
    case punch(Range<Int>)
    case syncData
    case sync
    /// The journal, on disk, as it is from now on.
    case journal([MemoryJournal.Row])

    /// Whether it changes bytes or the length.
    var isChange: Bool {
        switch self {
        case .write, .extend, .cut, .punch: true
        case .syncData, .sync, .journal: false
        }
    }

    /// A change of metadata alone: no promise of fdatasync(2), unless something is written after it.
    fileprivate var needsSync: Bool {
        switch self {
        case .cut, .punch: true
        default: false
        }
    }

    /// Makes the change. What would be written past the end is lost: the length on disk says where a file ends.
    func apply(to bytes: inout [UInt8]) {
        switch self {
        case .write(let new, let offset):
            bytes.overwrite(new, at: offset)
        case .extend(let size):
            if size > bytes.count { bytes += [UInt8](repeating: 0, count: size - bytes.count) }
        case .cut(let size):
            if size < bytes.count { bytes.removeLast(bytes.count - size) }
        case .punch(let range):
            let range = range.clamped(to: 0..<bytes.count)
            bytes.overwrite([UInt8](repeating: 0, count: range.count), at: range.lowerBound)
        case .syncData, .sync, .journal: break
        }
    }

    /// The parts of which a disk may have some and not others after a crash: words of 8 bytes.
    var tornApart: [StorageEvent] {
        guard case .write(let bytes, let offset) = self else { return [self] }
        return stride(from: 0, to: bytes.count, by: 8).map {
            .write(Array(bytes[$0..<min($0 + 8, bytes.count)]), at: offset + $0)
        }
    }
}

extension [StorageEvent] {
    /// What fdatasync(2) brings to the disk, and what it may leave.
    func splitAtSyncData() -> (persisted: [StorageEvent], rest: [StorageEvent]) {
        let end = (lastIndex { !$0.needsSync } ?? -1) + 1
        return (Array(self[..<end]), Array(self[end...]))
    }
}

/// The events of one storage and of its journal.
final class EventLog {
    private(set) var events: [StorageEvent] = []

    func add(_ event: StorageEvent) { events.append(event) }

    var changeCount: Int { events.count { $0.isChange } }
}
