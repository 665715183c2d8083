import QED

extension RawPath {
    /// The name that a root has in the store: its own, or the one that was given if it is not there.
    var resolvedIfThere: RawPath {
        do throws(SystemError) {
            return try resolved()
        } catch {
            return self
        }
    }
}
