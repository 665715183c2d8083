import Files

/// What a scan found at one of its roots.
package struct RootResult: Sendable {
    /// Resolved; as it was given if that was not possible.
    package let path: RawPath
    /// nil if it could not be opened.
    package let file: FileKey?
    package let error: SystemError?

    init(path: RawPath, file: FileKey) {
        self.path = path
        self.file = file
        error = nil
    }

    init(path: RawPath, error: SystemError) {
        self.path = path
        file = nil
        self.error = error
    }
}
