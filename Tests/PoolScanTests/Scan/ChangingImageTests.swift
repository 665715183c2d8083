import Files
import Foundation
import Glibc
import Lab
import QED
import TestSupport
import Testing

@testable import PoolScan

/// Files that change under a scan.
@Suite(.endsInTime) struct ChangingImageTests {
    private let pool: Pool
    private let image: RawPath

    init() throws {
        pool = try Pool()
        image = try pool.addImage("image", Pool.slowPlan)
    }

    @Test func anImageBeingWrittenIsNeverAMixtureOfItsStates() throws {
        let sound = try ImageEditor(path: image).readL2(0, of: 0)
        // Now two entries have one cluster, now each has its own. A scan may find the image in the first state from
        // beginning to end; but then it is that state exactly.
        let runs = try whileWriting { editor, isOdd in
            try editor.writeL2(isOdd ? sound + 4096 : sound, at: 0, of: 0)
        }
        #expect(Set(runs.flatMap(\.results).map(\.outcome)).contains(.changing))
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
        let runs = try whileWriting { editor, isOdd in try editor.truncate(to: isOdd ? size + 4096 : size) }
        for result in runs.flatMap(\.results) where result.outcome != .changing && result.outcome != .clean {
            #expect(result.outcome == .leaking)
            #expect(result.report?.leaks == 1)
            #expect(result.report?.corruptions == 0)
        }
        #expect(runs.allSatisfy { $0.errors.isEmpty })
    }

    @Test(arguments: ["text", "gone", "fifo", "directory", "link", "image"])
    func aFileReplacedDuringItsCheckHasNoWrongResult(_ what: String) throws {
        let reads = Locked(0)
        _ = scan { read in reads.withLock { $0 = max($0, read) } }
        let count = reads.withLock { $0 }
        try #require(count > 6)
        for round in 1...6 {
            try replace(image, by: "slow image")
            let run = scan { read in
                guard read == count * round / 7 + 1 else { return }
                do { try replace(image, by: what) } catch { Issue.record(error) }
            }
            #expect(run.errors.isEmpty, "round \(round): \(run.facts)")
            #expect(run.results.allSatisfy { $0.outcome == .clean }, "round \(round): \(run.facts)")
        }
    }

    @Test(arguments: ["text", "gone", "fifo", "directory", "link", "socket"])
    func aFileReplacedBeforeItIsOpenedIsSkipped(_ what: String) throws {
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
        try pool.addDirectory("later")
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

    /// Scans again and again while the image changes back and forth: before each read, each second, each third, and so
    /// on. In the last scans it does not change.
    private func whileWriting(_ change: @escaping (ImageEditor, _ isOdd: Bool) throws -> Void) throws -> [ScanRun] {
        nonisolated(unsafe) let editor = try ImageEditor(path: image)
        nonisolated(unsafe) let change = change
        return [1, 2, 3, 5, 8, 13, 21, 34, 1_000_000].flatMap { pace in
            [true, false].map { isOdd in
                scan { read in
                    guard read % pace == 0 else { return }
                    do { try change(editor, (read / pace % 2 == 1) == isOdd) } catch { Issue.record(error) }
                }
            }
        }
    }

    /// Scans with a call before each read of an image's tables, with its number from 1.
    private func scan(beforeRead body: @escaping @Sendable (Int) -> Void) -> ScanRun {
        let (time, reads) = (Locked<UInt64>(1 << 40), Locked(0))
        // It advances only by the wait that each read has to make.
        let clock = PaceClock {
            time.withLock { $0 }
        } sleep: { nanoseconds in
            time.withLock { $0 += nanoseconds }
            body(
                reads.withLock { number in
                    number += 1
                    return number
                })
        }
        return ScanRun([pool.root]) { $0.readRate = ReadRate(bytesPerSecond: 1 << 30, clock: clock) }
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
    if what == "gone" || what == "directory" { unlink(path.text) }
    if what == "directory" { mkdir(path.text, 0o755) }
    if access(new, F_OK) == 0 || what == "link" { rename(new, path.text) }
}
