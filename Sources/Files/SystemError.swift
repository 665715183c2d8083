import Glibc

/// A system call that failed, with the reason from `errno`.
public struct SystemError: Error, Hashable, Sendable {
    /// The call's name, as in its man page.
    public let operation: String
    /// The value of `errno`.
    public let code: Int32

    public init(_ operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    /// The error of the call that has just failed.
    public static func last(_ operation: String) -> SystemError { SystemError(operation, code: errno) }

    /// A file that ends before the bytes that were to be read.
    public static let unexpectedEndOfFile = SystemError("pread: unexpected end of file", code: ENODATA)

    /// The reason in words, as strerror(3) gives it, without the name of the call.
    public var reason: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension SystemError: CustomStringConvertible {
    public var description: String { "\(operation): \(reason)" }
}

/// More signals than ever come in a row: a file system that always answers EINTR gives an error instead of an endless
/// loop.
private let interruptionLimit = 10_000

/// Calls a function again while signals interrupt it. Throws if it fails otherwise, or is interrupted too often.
@discardableResult
package func retryingInterrupted<Result: FixedWidthInteger & SignedInteger>(
    _ operation: String, _ call: () -> Result
) throws(SystemError) -> Result {
    for _ in 1..<interruptionLimit {
        let result = call()
        if result != -1 { return result }
        if errno != EINTR { throw SystemError.last(operation) }
    }
    let result = call()
    if result == -1 { throw SystemError.last(operation) }
    return result
}
