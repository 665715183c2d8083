import Dispatch
import Files
import Foundation
import Glibc
import Lab
import QED
import TestSupport
import Testing

@testable import PoolScan

/// Files that change under a scan.
@Suite(.ownThread, .endsInTime, .serialized) struct ChangingImageTests {
    private let pool: Pool
    private let image: RawPath

    init() throws {
        pool = try Pool()
        image = try pool.addImage("image", Pool.slowPlan)
    }

    @Test func anImageBeingWrittenIsNeverAMixtureOfItsStates() throws {
        let sound = try ImageEditor(path: image).readL2(0, of: 0)
        // For a moment two entries have one cluster, again and again. A scan may find the image in that state from
        // beginning to end, when the writer gets no processor; but then it is that state exactly.
        let runs = whileWriting(rounds: 5) { editor in
            try editor.writeL2(sound + 4096, at: 0, of: 0)
            usleep(500)
            try editor.writeL2(sound, at: 0, of: 0)
        }
        for run in runs {
            #expect(run.results.count == 1)
            for result in run.results where result.outcome != .changing && result.outcome != .clean {
                #expect(result.outcome == .corrupt)
                #expect(result.report?.corruptions == 1)
                #expect(result.report?.leaks == 1)
            }
        }
    }

    @Test func anImageThatGrowsIsNeverAMixtureOfItsStates() throws {
        let size = try ImageEditor(path: image).size()
        let runs = whileWriting(rounds: 5) { editor in
            try editor.truncate(to: size + 4096)
            usleep(500)
            try editor.truncate(to: size)
        }
        for result in runs.flatMap(\.results) where result.outcome != .changing && result.outcome != .clean {
            #expect(result.outcome == .leaking)
            #expect(result.report?.leaks == 1)
            #expect(result.report?.corruptions == 0)
        }
        #expect(runs.allSatisfy { $0.errors.isEmpty })
    }

    @Test(arguments: ["text", "gone", "fifo", "folder", "link", "image"])
    func aFileReplacedDuringItsCheckIsTakenForWhatItIsThen(_ what: String) throws {
        let begin = Date.now
        _ = ScanRun([pool.root])
        let length = Date.now.timeIntervalSince(begin)
        for round in 1...6 {
            try replace(image, by: "slow image")
            let delay = DispatchTimeInterval.microseconds(Int(length * 1e6 * Double(round) / 7))
            let group = DispatchGroup()
            let failed = Locked(false)
            group.enter()
            DispatchQueue(label: "replace").asyncAfter(deadline: .now() + delay) {
                do { try replace(image, by: what) } catch { failed.withLock { $0 = true } }
                group.leave()
            }
            let run = ScanRun([pool.root])
            group.wait()
            try #require(!failed.withLock { $0 })
            #expect(run.errors.isEmpty, "round \(round): \(run.facts)")
            #expect(run.results.allSatisfy { $0.outcome == .clean }, "round \(round): \(run.facts)")
        }
    }

    @Test(arguments: ["text", "gone", "fifo", "folder", "link", "socket"])
    func aFileReplacedBeforeItIsOpenedIsPassedOver(_ what: String) throws {
        for name in ["1", "2", "3"] { try pool.addImage(name) }
        // The names were read; whichever comes first takes the others' place away.
        let names = ["1", "2", "3", "image"]
        let run = ScanRun(
            [pool.root],
            onEvent: { event in
                guard case .checked(let result) = event else { return }
                for name in names where pool.path(name) != result.path {
                    do { try replace(pool.path(name), by: what) } catch { Issue.record(error) }
                }
            })
        #expect(run.results.count == 1)
        #expect(run.errors.isEmpty, "\(run.facts)")
    }

    @Test func anImageThatTakesTheInodeOfACheckedOneIsCheckedToo() throws {
        try pool.addFolder("later")
        try replace(image, by: "image")
        let later = pool.path("later/image")
        let run = ScanRun(
            [pool.root],
            onEvent: { event in
                guard case .checked(let result) = event, result.path == image else { return }
                unlink(image.text)
                // Many file systems give out a free inode again at once.
                do { try ImageWriter(Pool.plan).write(to: later) } catch { Issue.record(error) }
            })
        #expect(run.paths == texts([image, later]))
    }

    // MARK: - What happens to files

    /// Scans while a thread changes the image.
    private func whileWriting(
        rounds: Int, _ change: @escaping @Sendable (ImageEditor) throws -> Void
    ) -> [ScanRun] {
        let writer = Thread { [image] in
            do {
                let editor = try ImageEditor(path: image)
                while !Thread.current.isCancelled { try change(editor) }
            } catch {
                Issue.record(error)
            }
        }
        writer.start()
        let runs = (0..<rounds).map { _ in ScanRun([pool.root]) }
        writer.cancel()
        while !writer.isFinished { usleep(100) }
        return runs
    }
}

/// Puts something else in the place of a file, at once.
private func replace(_ path: RawPath, by what: String) throws {
    let new = path.text + "~"
    switch what {
    case "text": try Data("no image".utf8).write(to: URL(filePath: new))
    case "fifo": mkfifo(new, 0o644)
    case "link": symlink("/etc/passwd", new)
    case "image": try ImageWriter(Pool.plan).write(to: new)
    case "slow image": try ImageWriter(Pool.slowPlan).write(to: new)
    case "socket": mknod(new, S_IFSOCK | 0o644, 0)
    default: break
    }
    rmdir(path.text)
    if what == "gone" || what == "folder" { unlink(path.text) }
    if what == "folder" { mkdir(path.text, 0o755) }
    if access(new, F_OK) == 0 || what == "link" { rename(new, path.text) }
}
