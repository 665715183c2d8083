/// What a scan tells its sink, from any worker and in no particular order.
package enum ScanEvent: Sendable {
    /// An image, checked or not, with the reason if not.
    case checked(CheckedImage)
    /// Images that have not changed since an earlier result.
    case reused([ReusedImage])
    /// A path that could not be read.
    case failed(PathError)

    package var imageCount: Int {
        switch self {
        case .checked: 1
        case .reused(let images): images.count
        case .failed: 0
        }
    }

    package var problemCount: Int {
        switch self {
        case .checked(let image): image.outcome != .clean ? 1 : 0
        case .reused(let images): images.count { $0.outcome != .clean }
        case .failed: 1
        }
    }
}
