import Foundation

/// The seed of a random test: from the environment, or a new one, printed so that a failure can be run again.
public enum Seed {
    /// The seed of all tests of this run that share one.
    public static let value = next("tests")

    public static func next(_ test: String = #function, variable: String = "QEDSCAN_SEED") -> UInt64 {
        let given = ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) }
        let seed = given ?? UInt64.random(in: 0...UInt64(UInt32.max))
        print("\(test): \(variable)=\(seed)")
        return seed
    }
}
