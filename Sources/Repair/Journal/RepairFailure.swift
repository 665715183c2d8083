import Files

/// Why a repair was not made, or not to its end.
package enum RepairFailure: Error, Sendable {
    /// It was not begun: the image is as it was.
    case refused(Refusal)
    /// The image could not be read or written.
    case image(SystemError)
    /// fsync(2) or fdatasync(2) failed: what is on disk is unknown, and asking again would not tell.
    case sync(SystemError)
    /// The store could not be read or written.
    case journal(String)
    /// The image is not as it has to be.
    case unexpected(String)
}

extension RepairFailure {
    /// Runs a function whose system calls are about the image.
    package static func wrap<Result>(_ body: () throws(SystemError) -> Result) throws(RepairFailure) -> Result {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .image(error)
        }
    }
}

extension RepairFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let refusal): refusal.description
        case .image(let error), .sync(let error): error.description
        case .journal(let message): "the store: \(message)"
        case .unexpected(let message): message
        }
    }
}
