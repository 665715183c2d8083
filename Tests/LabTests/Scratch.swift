import Foundation

/// A directory that goes away with the value.
final class Scratch {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "lab-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: directory)
        } catch {
            print("could not remove \(directory.path): \(error)")
        }
    }

    /// The path of a file in the directory.
    func path(_ name: String = "image.qed") -> String { directory.appending(path: name).path }

    /// All bytes of a file.
    func contents(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: path(name))) }
}
