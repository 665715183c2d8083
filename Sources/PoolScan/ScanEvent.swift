import Files
import Glibc
import QED

/// What a scan tells its sink, from any worker and in no particular order.
package enum ScanEvent: Sendable {
    /// An image, checked or not, with the reason if not.
    case checked(ScanResult)
    /// Images that have not changed since an earlier result.
    case reused([ReusedImage])
    /// A path that could not be looked at.
    case failed(PathError)

    var imageCount: Int {
        switch self {
        case .checked: 1
        case .reused(let images): images.count
        case .failed: 0
        }
    }

    var problemCount: Int {
        switch self {
        case .checked(let result): result.outcome != .clean ? 1 : 0
        case .reused(let images): images.count { $0.outcome != .clean }
        case .failed: 1
        }
    }
}

/// The result for one image.
package struct ScanResult: Sendable {
    package let path: RawPath
    /// As it was before the check.
    package let status: FileStatus
    package let outcome: Outcome
    /// nil if the image was not checked. With outcome `inUse` it is provisional.
    package let report: CheckResult?
    /// Why the image was not checked to its end, nil if it was.
    package let message: String?
    /// When the check began, nanoseconds since 1970.
    package let checkedAt: Int64
    /// Nanoseconds.
    package let duration: Int64
    /// When the file was made, nanoseconds since 1970; nil where the file system does not say.
    package let birthTime: Int64?
    package let backing: ImageBacking
}

/// A path that could not be looked at, and why.
package struct PathError: Sendable {
    package let path: RawPath
    /// The system call.
    package let operation: String
    /// `errno`.
    package let code: Int32
    /// The reason in words.
    package let message: String

    init(path: RawPath, operation: String, code: Int32, message: String) {
        self.path = path
        self.operation = operation
        self.code = code
        self.message = message
    }

    /// A file that was named on its own and lacks QED's magic number.
    static func notAnImage(_ path: RawPath) -> PathError {
        PathError(path: path, operation: "read", code: EINVAL, message: "not a QED image")
    }

    init(path: RawPath, _ error: SystemError) {
        self.init(path: path, operation: error.operation, code: error.code, message: error.reason)
    }
}
