import Files
import Glibc

/// How far a scan is at one moment.
package struct ScanProgress: Sendable {
    /// The process that scans.
    package var processID: Int32
    /// Directories read.
    package var directories = 0
    /// Regular files looked at, images or not.
    package var files = 0
    /// Images done, including those with a reused result.
    package var images = 0
    /// The images among them whose earlier result was reused.
    package var reused = 0
    /// Images that are not clean, and paths that could not be read.
    package var problems = 0
    /// Bytes of tables read.
    package var bytesRead: UInt64 = 0
    /// nil if no earlier scan tells.
    package var expectedImages: Int?
    /// The images that are being checked, those that began first at the front.
    package var currentImages: [CurrentImage] = []

    package init(processID: Int32 = getpid()) { self.processID = processID }
}

/// An image that is being checked.
package struct CurrentImage: Sendable {
    package let path: RawPath
    /// When the check began, nanoseconds since 1970.
    package let since: Int64

    package init(path: RawPath, since: Int64) {
        self.path = path
        self.since = since
    }
}
