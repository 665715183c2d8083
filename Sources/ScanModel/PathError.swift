import Files
import Glibc

/// A path that could not be read, and why.
package struct PathError: Sendable {
    package let path: RawPath
    /// The system call.
    package let operation: String
    /// `errno`.
    package let code: Int32
    /// The reason in words.
    package let message: String

    package init(path: RawPath, operation: String, code: Int32, message: String) {
        self.path = path
        self.operation = operation
        self.code = code
        self.message = message
    }

    package init(path: RawPath, _ error: SystemError) {
        self.init(path: path, operation: error.operation, code: error.code, message: error.reason)
    }

    /// A file that a person named and that lacks QED's magic number.
    package static func notAnImage(_ path: RawPath) -> PathError {
        PathError(path: path, operation: "read", code: EINVAL, message: "not a QED image")
    }
}
