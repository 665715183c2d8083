import Files
import QED

/// A result from an earlier scan that may still hold.
package struct KnownResult: Sendable {
    /// Whatever the caller knows the image by.
    let imageID: Int64
    let path: PathHash
    let identity: FileIdentity
    let outcome: Outcome
    let isDirty: Bool
    /// What the image's header says of a backing file: it has not changed, but the backing file may have.
    let reference: BackingReference?

    package init(
        imageID: Int64, path: PathHash, identity: FileIdentity, outcome: Outcome, isDirty: Bool,
        reference: BackingReference? = nil
    ) {
        self.imageID = imageID
        self.path = path
        self.identity = identity
        self.outcome = outcome
        self.isDirty = isDirty
        self.reference = reference
    }
}

/// An image that has not changed since an earlier result.
package struct ReusedImage: Sendable {
    /// Whatever the caller knows the image by.
    package let imageID: Int64
    package let outcome: Outcome
    package let isDirty: Bool
    /// What this scan found of the backing file.
    package let backing: ImageBacking
}

/// The results that may be used again, by file and path: the inode of a file that is gone may be another's now.
///
/// A table with open addressing, by inode alone: a directory names the inodes of its files, but not their devices. Flat,
/// since of a pool that has not changed all of it is read, and little else is done.
package struct KnownResults: Sendable {
    /// What a result is compared with, and what is told of it. Trivial, so that looking at one counts no references.
    private struct Entry {
        let identity: FileIdentity
        let path: PathHash
        let imageID: Int64
        let outcome: Outcome
        let isDirty: Bool
        /// Where its reference is; -1 for none.
        let reference: Int32
    }

    private var entries: [Entry] = []
    private var references: [BackingReference] = []
    /// Numbers of entries, from 1; 0 for a free place. More than half of the places are free.
    private var places: [UInt32] = []
    private var shift: UInt64 = 64
    /// Odd, and another in each process.
    private let factor = UInt64.random(in: 0 ... .max) | 1

    package init() {}

    /// How many results there are.
    var count: Int { entries.count }

    /// More results than this of one inode of a device are left out. A file system that gives all its files one number would make
    /// each search go through all of them.
    static let resultsPerInode = 1000

    /// Adds a result. It is left out, so that its file is checked again, if there is no number for it any more.
    package mutating func insert(_ result: KnownResult) {
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

    /// The first entry of an inode, in the order of their coming, for which a condition holds.
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

    /// A cheap test with what a directory says of a file: whether a look at its status may be worth it.
    func mayContain(inode: UInt64) -> Bool { firstIndex(inode: inode) { _ in true } != nil }

    /// The number of the result for a file if neither it nor its path has changed since.
    func index(of identity: FileIdentity, path: PathHash) -> Int? {
        firstIndex(inode: identity.inode) { $0.identity == identity && $0.path == path }
    }

    /// A number below `count` that stands for a file, whatever its path; nil if it is not known as it is.
    func fileIndex(of identity: FileIdentity) -> Int? { firstIndex(inode: identity.inode) { $0.identity == identity } }

    /// The image of a result.
    ///
    /// - Parameter link: finds out where a reference leads to.
    func image(at index: Int, link: (BackingReference) -> BackingLink) -> ReusedImage {
        let entry = entries[index]
        return ReusedImage(
            imageID: entry.imageID, outcome: entry.outcome, isDirty: entry.isDirty,
            backing: entry.reference < 0 ? .unknown : .link(link(references[Int(entry.reference)])))
    }
}
