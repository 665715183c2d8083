import Files
import Glibc
import Synchronization

/// The memory of one map: zeroed, charged to a budget, freed as a whole.
///
/// Leaves are cut from slabs. The first slab, which is enough for a small image, comes from the allocator. Others are
/// mapped, since the allocator would keep the memory of a large map, once for each thread.
final class MapMemory: Sendable {
    private static let firstSlabByteCount = 16 << 10
    private static let slabByteCount = 1 << 20
    /// A line of the processor's cache.
    private static let alignment = 64

    private let budget: MemoryBudget
    private let slabs = Locked(Slabs())

    init(budget: MemoryBudget) { self.budget = budget }

    deinit {
        let reserved = slabs.withLock { slabs in
            slabs.free()
            return slabs.reserved
        }
        budget.release(reserved)
    }

    /// Returns zeroed memory, or nil if the budget or the system has none, where Swift's allocation would abort.
    /// Several threads may call it at once.
    ///
    /// - Parameter charge: bytes to take from the budget; untouched pages cost nothing.
    func allocate<Element>(_ count: Int, of type: Element.Type, charge: Int) -> UnsafeMutablePointer<Element>? {
        let size = count * MemoryLayout<Element>.stride
        let byteCount = (size + MapMemory.alignment - 1) & ~(MapMemory.alignment - 1)
        guard budget.reserve(charge) else { return nil }
        let memory = slabs.withLock { slabs in
            let memory = byteCount <= MapMemory.slabByteCount / 4 ? slabs.cut(byteCount) : slabs.map(byteCount)
            if memory != nil { slabs.reserved += charge }
            return memory
        }
        if memory == nil { budget.release(charge) }
        return memory?.bindMemory(to: Element.self, capacity: count)
    }

    private struct Slabs: @unchecked Sendable {
        /// Bytes charged to the budget.
        var reserved = 0
        private var first: UnsafeMutableRawPointer?
        private var mappings: [(start: UnsafeMutableRawPointer, byteCount: Int)] = []
        /// The rest of the newest slab.
        private var rest = UnsafeMutableRawBufferPointer(start: nil, count: 0)

        mutating func cut(_ byteCount: Int) -> UnsafeMutableRawPointer? {
            while rest.count < byteCount {
                guard let slab = newSlab() else { return nil }
                rest = slab
            }
            let memory = rest.baseAddress
            rest = UnsafeMutableRawBufferPointer(rebasing: rest[byteCount...])
            return memory
        }

        mutating func map(_ byteCount: Int) -> UnsafeMutableRawPointer? {
            let memory = mmap(
                nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
            guard let memory, memory != MAP_FAILED else { return nil }
            mappings.append((memory, byteCount))
            return memory
        }

        mutating func free() {
            Glibc.free(first)
            for mapping in mappings { munmap(mapping.start, mapping.byteCount) }
        }

        private mutating func newSlab() -> UnsafeMutableRawBufferPointer? {
            guard first != nil else {
                first = calloc(1, MapMemory.firstSlabByteCount)
                return first.map { UnsafeMutableRawBufferPointer(start: $0, count: MapMemory.firstSlabByteCount) }
            }
            return map(MapMemory.slabByteCount).map {
                UnsafeMutableRawBufferPointer(start: $0, count: MapMemory.slabByteCount)
            }
        }
    }
}

/// An amount of memory that all checks of a process share.
public final class MemoryBudget: Sendable {
    /// Bytes.
    public let limit: Int
    private let used = Atomic<Int>(0)

    /// - Parameter limit: bytes.
    public init(limit: Int) { self.limit = limit }

    /// Takes bytes from the budget. If there are not enough, takes none and returns false.
    func reserve(_ byteCount: Int) -> Bool {
        let (_, after) = used.add(byteCount, ordering: .relaxed)
        if after <= limit { return true }
        used.subtract(byteCount, ordering: .relaxed)
        return false
    }

    func release(_ byteCount: Int) {
        used.subtract(byteCount, ordering: .relaxed)
    }
}
