import Files
import QED
import Synchronization

/// An image whose reads wait for their turn.
struct ThrottledSource: ImageSource {
    let base: ImageFile
    let rate: ReadRate
    let throttleTime: ThrottleTime
    let cancellation: Cancellation

    var size: UInt64 { base.size }
    var diskSize: UInt64 { base.diskSize }
    var allowsConcurrentReads: Bool { base.allowsConcurrentReads }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        let rest = base.size > offset.rawValue ? base.size - offset.rawValue : 0
        throttleTime.add(rate.take(min(UInt64(buffer.count), rest), cancellation))
        return try base.read(into: buffer, at: offset)
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? {
        try base.nextData(from: offset)
    }
}

/// For how long reads of one worker have waited for their turn. The waits of several threads in one image add up.
final class ThrottleTime: Sendable {
    private let sum = Atomic<UInt64>(0)

    var nanoseconds: UInt64 { sum.load(ordering: .relaxed) }

    func add(_ nanoseconds: UInt64) { sum.wrappingAdd(nanoseconds, ordering: .relaxed) }
}
