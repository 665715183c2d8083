import Foundation
import Lab
import QED

/// A directory that goes away with the value.
final class Scratch {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "qed-tests-\(UUID().uuidString)")
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
}

/// The seed of this run: `QEDSCAN_SEED`, or the time.
enum TestSeed {
    static let value: UInt64 = {
        let given = ProcessInfo.processInfo.environment["QEDSCAN_SEED"].flatMap { UInt64($0) }
        let seed = given ?? UInt64(Date().timeIntervalSince1970)
        print("QEDSCAN_SEED=\(seed)")
        return seed
    }()
}

/// Checks a file.
func check(_ path: String, usesFastPass: Bool = true, limits: CheckLimits = CheckLimits()) throws -> ImageReport {
    Checker(limits: limits, usesFastPass: usesFastPass).check(try ImageFile(path: RawPath(path)))
}
