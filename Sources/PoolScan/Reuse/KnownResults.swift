import Files
import QED
import ScanModel
import Synchronization

/// The results that may be reused, by file and path: a new file may have got the inode of one that is gone.
///
/// It is a flat table with open addressing by inode alone, since a directory names the inodes of its files, but not
/// their devices. A scan of an unchanged pool reads all of it and does little else.
package struct KnownResults: Sendable {
    /// What a file is compared with, and what is reported of it. It is a trivial type, so that reading it counts no
    /// references.
    private struct Entry {
        let identity: FileIdentity
        let path: PathHash
        let imageID: Int64
        let outcome: Outcome
        let isDirty: Bool
        /// Index of its reference; -1 for none.
        let reference: Int32
    }

    private var entries: [Entry] = []
    private var references: [BackingReference] = []
    /// Numbers of entries, from 1; 0 for a free place. At least half of the places are free.
    private var places: [UInt32] = []
    private var shift: UInt64 = 64
    /// Odd, and different in each process.
    private let factor = UInt64.random(in: 0 ... .max) | 1

    package init() {}

    /// The number of results.
    var count: Int { entries.count }

    /// Results of one inode of a device beyond this number are left out. On a file system that gives all its files one
    /// number, each search would go through all of them.
    static let resultsPerInode = 1000

    /// Adds a result, or leaves it out if the table is full; then its file is checked again.
    package mutating func insert(_ result: KnownImage) {
        guard entries.count < Int32.max, count(of: result.identity) < KnownResults.resultsPerInode else {
            return
        }
        if (entries.count + 1) * 2 > places.count { grow() }
        if let reference = result.reference { references.append(reference) }
        entries.append(
            Entry(
                identity: result.identity, path: result.path, imageID: result.imageID, outcome: result.outcome,
                isDirty: result.isDirty, reference: result.reference == nil ? -1 : Int32(references.count - 1)))
        place(entries.count - 1)
    }

    private mutating func grow() {
        let bits = max(64 - shift + 1, 10)
        shift = 64 - bits
        places = Array(repeating: 0, count: 1 << bits)
        for index in entries.indices { place(index) }
    }

    private mutating func place(_ index: Int) {
        var position = position(of: entries[index].identity.inode)
        while places[position] != 0 { position = following(position) }
        places[position] = UInt32(index + 1)
    }

    private func position(of inode: UInt64) -> Int { Int(truncatingIfNeeded: (inode &* factor) >> shift) }
    private func following(_ position: Int) -> Int { (position + 1) & (places.count - 1) }

    /// The first entry of an inode, in the order of insertion, for which a condition holds.
    private func firstIndex(inode: UInt64, where condition: (Entry) -> Bool) -> Int? {
        guard !places.isEmpty else { return nil }
        var position = position(of: inode)
        while places[position] != 0 {
            let index = Int(places[position]) - 1
            if entries[index].identity.inode == inode, condition(entries[index]) { return index }
            position = following(position)
        }
        return nil
    }

    private func count(of identity: FileIdentity) -> Int {
        var count = 0
        _ = firstIndex(inode: identity.inode) {
            count += $0.identity.device == identity.device ? 1 : 0
            return false
        }
        return count
    }

    /// Whether a file may be known, by what its directory says alone: a cheap test before the look at its status.
    func mayContain(inode: UInt64) -> Bool { firstIndex(inode: inode) { _ in true } != nil }

    /// The index of the result for a file, if neither the file nor its path has changed since; else nil.
    func index(of identity: FileIdentity, path: PathHash) -> Int? {
        firstIndex(inode: identity.inode) { $0.identity == identity && $0.path == path }
    }

    /// An index below `count` that stands for an unchanged file, whatever its path; nil if it has changed or is not
    /// known.
    func fileIndex(of identity: FileIdentity) -> Int? { firstIndex(inode: identity.inode) { $0.identity == identity } }

    /// The image of the result at an index.
    ///
    /// - Parameter link: finds out where a reference leads.
    func image(at index: Int, link: (BackingReference) -> BackingLink) -> ReusedImage {
        let entry = entries[index]
        return ReusedImage(
            imageID: entry.imageID, outcome: entry.outcome, isDirty: entry.isDirty,
            backing: entry.reference < 0 ? .unknown : .link(link(references[Int(entry.reference)])))
    }
}

/// A mark for each of a number of files, set by whoever comes first.
/// `@unchecked Sendable`: the marks are atomic, and the pointer to them does not change.
final class FileMarks: @unchecked Sendable {
    private let marks: UnsafeMutableBufferPointer<Atomic<Bool>>

    init(count: Int) {
        marks = .allocate(capacity: count)
        for index in 0..<count { marks.initializeElement(at: index, to: Atomic(false)) }
    }

    deinit {
        marks.deinitialize()
        marks.deallocate()
    }

    /// True for the first caller that sets it.
    func set(_ index: Int) -> Bool { !marks[index].exchange(true, ordering: .relaxed) }
}
