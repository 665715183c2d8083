/// What a pool of images is to look like. Equal plans give equal pools.
package struct PoolPlan: Hashable, Sendable {
    /// How many QED images.
    package var imageCount = 100
    /// How many of them are damaged: a probability of 0...1. They take all defects in turn.
    package var damagedShare = 0.1
    /// How many of the rest are marked dirty: a probability of 0...1.
    package var dirtyShare = 0.05
    /// How many sound ones have a backing file, the image before them in their directory: a probability of 0...1.
    package var overlayShare = 0.1
    /// How many files are no QED images.
    package var otherFileCount = 10
    /// A directory that has so many files gets subdirectories `part-1`, `part-2` and so on for the next ones; nil for no
    /// limit. What is in the files does not depend on it, but for the names of backing files.
    package var filesPerDirectory: Int?
    package var seed: UInt64 = 0

    package init() {}
}

/// A file of a pool.
package struct PoolFile: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// A QED image and its defect, nil if it is sound.
        case image(Defect?)
        /// Something else.
        case other
    }

    /// From the pool's directory.
    package let relativePath: String
    package let content: Content

    /// The image's defect, nil if it has none.
    package var defect: Defect? {
        if case .image(let defect) = content { defect } else { nil }
    }
}
