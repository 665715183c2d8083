import QED

/// What a scan has looked at: where it says something of an image that it did *not* see.
package struct Coverage: Sendable {
    /// The roots that exist, resolved.
    package private(set) var roots: [RawPath] = []
    /// Directories that were not read: errors, other file systems, excluded ones.
    private var unread: Set<RawPath> = []
    private let filter: PathFilter
    /// Whether the walk came to its end.
    package internal(set) var isComplete = false

    init(filter: PathFilter) { self.filter = filter }

    mutating func addRoot(_ path: RawPath) { roots.append(path) }
    mutating func addUnread(_ path: RawPath) { unread.insert(path) }

    /// Whether the scan would have seen an image at this path.
    package func covers(_ path: RawPath) -> Bool {
        guard isComplete, filter.acceptsFile(path) else { return false }
        var isBelowRoot = roots.contains(path)
        let slash = UInt8(ascii: "/")
        for end in path.bytes.indices where path.bytes[end] == slash {
            let ancestor = RawPath(bytes: end == 0 ? [slash] : Array(path.bytes[..<end]))
            if unread.contains(ancestor) { return false }
            isBelowRoot = isBelowRoot || roots.contains(ancestor)
        }
        return isBelowRoot
    }
}
