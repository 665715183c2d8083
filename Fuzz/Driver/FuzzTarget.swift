import CFuzzer
import Glibc

/// A program that libFuzzer drives: it makes inputs, sees which code each of them reaches, and keeps those that reach
/// something new.
package protocol FuzzTarget {
    /// Does something with an input. What traps, breaks a `require`, or takes too long or too much memory was found.
    static func run(_ input: FuzzInput)
}

extension FuzzTarget {
    package static func main() {
        target = Self.self
        exit(
            cfuzzer_run(CommandLine.argc, CommandLine.unsafeArgv) { bytes, count in
                target.run(FuzzInput(UnsafeRawBufferPointer(start: bytes, count: count)))
            })
    }
}

/// The target of this program. Set once, before libFuzzer is called: a C function cannot have it otherwise.
nonisolated(unsafe) private var target: any FuzzTarget.Type = NoTarget.self

private enum NoTarget: FuzzTarget {
    static func run(_ input: FuzzInput) { preconditionFailure("no target") }
}

/// Ends the program, with a sentence, unless something holds: libFuzzer then writes the input to a file.
package func require(_ condition: Bool, _ claim: @autoclosure () -> String) {
    guard !condition else { return }
    let sentence = Array("FOUND: \(claim())\n".utf8)
    _ = sentence.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    abort()
}
