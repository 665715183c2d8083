import Dispatch
import Files
import QED
import Synchronization

/// Reads the tables of an image, and looks only at the entries that say where L2 tables are: the least that any check
/// must do, and so the measure of one.
///
/// `@unchecked Sendable`: reads of the file do not disturb each other (pread(2)).
package struct TableReader: @unchecked Sendable {
    /// What was read.
    package struct Amount: Hashable, Sendable {
        /// L2 tables.
        package fileprivate(set) var tables: UInt64 = 0
        /// Bytes of the L1 table and the L2 tables. Holes are not read.
        package fileprivate(set) var bytes: UInt64 = 0
    }

    private let path: RawPath
    private let file: ImageFile
    private let geometry: Geometry

    /// Opens an image. Its header must be valid.
    package init(path: RawPath) throws(LabError) {
        self.path = path
        let header: Header
        do throws(SystemError) {
            file = try ImageFile(path: path)
            header = try Header(reading: file)
        } catch {
            throw LabError(path: path, error)
        }
        do throws(HeaderFault) {
            geometry = try Geometry(validating: header, fileSize: file.size)
        } catch {
            throw LabError(path: path.text, reason: error.description)
        }
    }

    /// Reads the L1 table, then each L2 table whose place is valid, in the order of the L1 table.
    package func read(threadCount: Int) throws(LabError) -> Amount {
        do throws(SystemError) {
            let (tables, l1Bytes) = try readL1Table()
            var amount = try read(tables, threadCount: max(threadCount, 1))
            amount.bytes += l1Bytes
            return amount
        } catch {
            throw LabError(path: path, error)
        }
    }

    private func readL1Table() throws(SystemError) -> (tables: [ByteOffset], bytes: UInt64) {
        var tables: [ByteOffset] = []
        let pieces = PieceReader(file)
        let bytes = try pieces.read(from: geometry.l1TableOffset, byteCount: geometry.tableByteCount) { piece in
            for entry in piece.bindMemory(to: UInt64.self) {
                let table = ByteOffset(UInt64(littleEndian: entry))
                if table.rawValue != 0, geometry.fault(ofTableAt: table) == nil { tables.append(table) }
            }
        }
        return (tables, bytes)
    }

    private func read(_ tables: [ByteOffset], threadCount: Int) throws(SystemError) -> Amount {
        let next = Atomic<Int>(0)
        let total = Locked(Result<Amount, SystemError>.success(Amount()))
        DispatchQueue.concurrentPerform(iterations: threadCount) { _ in
            let result = Result { () throws(SystemError) in
                let pieces = PieceReader(file)
                var amount = Amount()
                while case let index = next.add(1, ordering: .relaxed).oldValue, index < tables.count {
                    amount.tables += 1
                    amount.bytes += try pieces.read(from: tables[index], byteCount: geometry.tableByteCount) { _ in }
                }
                return amount
            }
            total.withLock { total in
                guard case .success(let sum) = total else { return }
                total = result.map { Amount(tables: sum.tables + $0.tables, bytes: sum.bytes + $0.bytes) }
            }
        }
        return try total.withLock { $0 }.get()
    }
}

/// Reads ranges of a file piece by piece into one buffer, and leaves out holes. Belongs to one thread.
private final class PieceReader {
    /// Bytes: a whole table of the default geometry.
    private static let bufferSize = 256 << 10

    private let file: ImageFile
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: PieceReader.bufferSize, alignment: 4096)
    /// Asked of the file system only where not yet known.
    private var knownData: Range<UInt64>

    init(_ file: ImageFile) {
        self.file = file
        knownData = file.diskSize < file.size ? 0..<0 : 0..<UInt64.max
    }

    deinit { buffer.deallocate() }

    /// Reads a range that lies in the file. Returns how many bytes of it are no holes.
    func read(
        from start: ByteOffset, byteCount: UInt64, _ body: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(SystemError) -> UInt64 {
        let end = start.rawValue + byteCount
        var position = start.rawValue
        var bytesRead: UInt64 = 0
        while position < end {
            if !knownData.contains(position) {
                guard let data = try file.nextData(from: ByteOffset(position)) else { break }
                knownData = data
                position = max(position, data.lowerBound)
                guard position < end else { break }
            }
            let length = min(min(end, knownData.upperBound) - position, UInt64(buffer.count))
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(length)])
            try file.readAll(into: piece, at: ByteOffset(position))
            body(piece)
            bytesRead += length
            position += length
        }
        return bytesRead
    }
}
