import Files
import Foundation
import Glibc
import Lab
import QED
import ScanModel
import TestSupport

@testable import PoolScan

/// A directory of images to scan.
final class Pool: Sendable {
    let directory: TemporaryDirectory
    let root: RawPath

    init() throws {
        directory = try TemporaryDirectory()
        root = RawPath(directory.path)
    }

    /// A small sound image; names may be any bytes.
    static var plan: ImagePlan {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 4 << 20
        plan.guestClusters = .firstOfEachTable(4)
        return plan
    }

    /// An image whose check takes a while.
    static var slowPlan: ImagePlan {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 16
        plan.imageSize = 1 << 30
        return plan
    }

    func path(_ name: String) -> RawPath { root.appending(Array(name.utf8)) }

    @discardableResult
    func addImage(_ name: String, _ plan: ImagePlan = Pool.plan, defect: Defect? = nil) throws -> RawPath {
        try addImage(Array(name.utf8), plan, defect: defect)
    }

    @discardableResult
    func addImage(_ name: [UInt8], _ plan: ImagePlan = Pool.plan, defect: Defect? = nil) throws -> RawPath {
        let path = root.appending(name)
        try ImageWriter(plan).write(to: path)
        var random = SeededRandom(seed: 7)
        if let defect { try defect.apply(to: ImageEditor(path: path), using: &random) }
        return path
    }

    func addDirectory(_ name: String) throws { _ = try directory.makeDirectory(name) }

    func addLink(_ name: String, to target: String) { symlink(target, directory.file(name)) }

    func addHardLink(_ name: String, to target: String) { link(directory.file(target), directory.file(name)) }

    func key(_ name: String) throws -> FileKey {
        let identity = try FileStatus(directory: AT_FDCWD, name: path(name).bytes).identity
        return FileKey(device: identity.device, inode: identity.inode)
    }
}

/// What a scan told its sink.
struct ScanRun {
    let events: [ScanEvent]
    let coverage: Coverage
    let progress = ProgressCounter()

    init(
        _ roots: [RawPath], cancellation: Cancellation = Cancellation(),
        _ configure: (inout ScanConfiguration) -> Void = { _ in },
        onEvent: @escaping @Sendable (ScanEvent) -> Void = { _ in }
    ) {
        var configuration = ScanConfiguration(roots: roots)
        configuration.workerCount = 0
        configure(&configuration)
        let events = Locked<[ScanEvent]>([])
        coverage = Scanner(configuration: configuration, cancellation: cancellation, progress: progress) { event in
            events.withLock { $0.append(event) }
            onEvent(event)
        }.run()
        self.events = events.withLock { $0 }
    }

    var results: [CheckedImage] {
        events.compactMap { if case .checked(let result) = $0 { result } else { nil } }
    }

    var errors: [PathError] {
        events.compactMap { if case .failed(let error) = $0 { error } else { nil } }
    }

    var reused: [ReusedImage] {
        events.flatMap { if case .reused(let images) = $0 { images } else { [ReusedImage]() } }
    }

    /// In the order of their coming; as text, which failures show.
    var paths: [String] { results.map(\.path.text) }

    /// Everything but times, in an order that does not depend on the workers.
    var facts: [String] {
        events.flatMap { event -> [String] in
            switch event {
            case .checked(let result):
                let report = result.report
                return [
                    "\(result.path.text): \(result.outcome) \(report?.leaks ?? 0) \(report?.corruptions ?? 0) "
                        + "\(report?.findings.count ?? 0) \(result.message ?? "")"
                ]
            case .reused(let images): return images.map { "reused \($0.imageID)" }
            case .failed(let error): return ["\(error.path.text): \(error.operation) \(error.code)"]
            }
        }.sorted()
    }
}

func texts(_ paths: [RawPath]) -> [String] { paths.map(\.text) }
