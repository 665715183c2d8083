import Foundation

/// The sanitizer that the tests and the programs were built with, as `Tests/sanitize.sh` says.
public enum Sanitizer {
    private static let name = ProcessInfo.processInfo.environment["QEDSCAN_SANITIZER"]

    public static var isOn: Bool { name != nil }
    public static var isThread: Bool { name == "thread" }
}
