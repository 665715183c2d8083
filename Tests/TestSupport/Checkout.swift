import Foundation

/// The project's directory, wherever a test stands in it.
public enum Checkout {
    public static let root: URL = {
        var directory = URL(filePath: #filePath).deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: directory.appending(path: "Package.swift").path) {
            precondition(directory.path != "/", "no Package.swift above \(#filePath)")
            directory.deleteLastPathComponent()
        }
        return directory
    }()

    /// A file or directory of the project, by its path from the root.
    public static func url(_ path: String) -> URL { root.appending(path: path) }
}
