import Files

/// Why an image or a pool could not be built or changed.
package struct LabError: Error, Hashable, Sendable {
    /// The file concerned.
    package let path: String
    /// What went wrong, as a clause.
    package let reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    init(path: RawPath, _ error: SystemError) {
        self.init(path: path.text, reason: error.description)
    }
}

extension LabError: CustomStringConvertible {
    package var description: String { "\(path): \(reason)" }
}
