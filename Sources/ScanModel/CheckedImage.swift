import Files
import QED

/// The result for one image.
package struct CheckedImage: Sendable {
    package let path: RawPath
    /// The file before the check.
    package let status: FileStatus
    package let outcome: Outcome
    /// nil if the image was not checked. With outcome `inUse` it is provisional.
    package let report: CheckResult?
    /// Why the check is not complete; nil if it is.
    package let message: String?
    /// When the check began, nanoseconds since 1970.
    package let checkedAt: Int64
    /// Nanoseconds.
    package let duration: Int64
    /// When the file was created, nanoseconds since 1970; nil if the file system does not say.
    package let birthTime: Int64?
    package let backing: ImageBacking

    package init(
        path: RawPath, status: FileStatus, outcome: Outcome, report: CheckResult?, message: String?, checkedAt: Int64,
        duration: Int64, birthTime: Int64? = nil, backing: ImageBacking = .unknown
    ) {
        self.path = path
        self.status = status
        self.outcome = outcome
        self.report = report
        self.message = message
        self.checkedAt = checkedAt
        self.duration = duration
        self.birthTime = birthTime
        self.backing = backing
    }
}
