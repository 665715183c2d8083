import Foundation
import Glibc
import TestSupport
import Testing

/// Files that somebody has planted where the program writes: it does not follow them, write to them or wait for them.
@Suite(.endsInTime) struct PlantedFileTests {
    /// What is in the place of a file.
    enum Plant: String, CaseIterable, Sendable {
        case symbolicLink = "symbolic link"
        case danglingLink = "dangling link"
        case hardLink = "hard link"
        case fifo, directory
    }

    private let fixture: ScanFixture
    private let victim: String

    init() throws {
        fixture = try ScanFixture()
        victim = try fixture.directory.write(Array(repeating: UInt8(ascii: "v"), count: 9000), to: "victim")
    }

    private func plant(_ plant: Plant, at path: String) throws {
        unlink(path)
        switch plant {
        case .symbolicLink: try #require(symlink(victim, path) == 0)
        case .danglingLink: try #require(symlink(fixture.directory.file("new"), path) == 0)
        case .hardLink: try #require(link(victim, path) == 0)
        case .fifo: try #require(mkfifo(path, 0o666) == 0)
        case .directory: try #require(mkdir(path, 0o755) == 0)
        }
    }

    private func expectUntouched(_ before: FileState) throws {
        let now = try FileState(victim)
        #expect(now.bytes == before.bytes)
        #expect(!FileManager.default.fileExists(atPath: fixture.directory.file("new")))
    }

    @Test(arguments: Plant.allCases, ["", "-journal", "-wal", "-shm", ".lock"])
    func nothingInThePlaceOfAStoresFilesIsUsed(_ plant: Plant, _ suffix: String) async throws {
        try fixture.addImage()
        if suffix != "" { #expect(try await fixture.run("scan", fixture.pool).status == 0) }
        try self.plant(plant, at: fixture.store + suffix)
        let before = try FileState(victim)
        let scan = try await fixture.run("scan", fixture.pool)
        #expect(scan.status == 8, "\(scan.errors)")
        #expect(scan.errors.contains(fixture.store + suffix), "\(scan.errors)")
        // The file of a lock is read only to tell who has it.
        #expect(try await fixture.run("report", "summary").status == (suffix == ".lock" ? 0 : 8))
        #expect(try await fixture.run("status").status >= 0)
        let repair = try await fixture.repair()
        #expect(repair.status == 8, "\(repair.errors)")
        try expectUntouched(before)
    }

    @Test func aJournalOfSomebodyElseIsRefused() async throws {
        guard geteuid() == 0 else {
            print("skipped: only root can make a file another user's")
            return
        }
        try fixture.addImage()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        let journal = try fixture.directory.write([UInt8](repeating: 7, count: 600), to: "store.db-journal")
        try #require(chown(journal, 65534, 65534) == 0)
        let before = try FileState(fixture.store)
        let scan = try await fixture.run("scan", fixture.pool)
        #expect(scan.status == 8 && scan.errors.contains("user 65534"), "\(scan.errors)")
        #expect(try FileState(fixture.store) == before)
        #expect(try FileState(journal).bytes.count == 600)
    }

    /// The shell's number is the program's: what it will be called could be known before.
    @Test(arguments: ["metrics", "page", "backup", "picture"])
    func aFileUnderAForeseeableNameIsInNobodysWay(_ what: String) async throws {
        try fixture.addImage()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        let target = fixture.directory.file("target")
        let arguments =
            switch what {
            case "metrics": ["scan", "-q", "--metrics", target, fixture.pool]
            case "page": ["report", "--html", target]
            case "backup": ["store", "backup", target]
            default: ["show", "--svg", target, "\(fixture.pool)/disk.qed"]
            }
        let before = try FileState(victim)
        let script = "target=$1; victim=$2; shift 2; ln -s \"$victim\" \"$target.$$.tmp\"; exec \"$@\""
        let result = try await #require(Tool("sh")).run(
            ["-c", script, "sh", target, victim, fixture.tool.path] + arguments, environment: fixture.environment)
        #expect(result.status == 0, "\(result.errors)")
        try expectUntouched(before)
        var status = stat()
        try #require(lstat(target, &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFREG && status.st_size > 0)
        #expect(status.st_mode & 0o777 == (what == "metrics" ? 0o644 : 0o600))
    }

    @Test(arguments: ["metrics", "page", "picture"])
    func aLinkInThePlaceOfAFileIsReplacedAndNotFollowed(_ what: String) async throws {
        try fixture.addImage()
        #expect(try await fixture.run("scan", fixture.pool).status == 0)
        let target = fixture.directory.file("target")
        let before = try FileState(victim)
        for plant in [Plant.symbolicLink, .danglingLink] {
            try self.plant(plant, at: target)
            let arguments =
                switch what {
                case "metrics": ["scan", "-q", "--metrics", target, fixture.pool]
                case "page": ["report", "--html", target]
                default: ["show", "--svg", target, "\(fixture.pool)/disk.qed"]
                }
            let result = try await fixture.run(arguments)
            #expect(result.status == 0, "\(result.errors)")
            try expectUntouched(before)
        }
    }

    @Test func aDirectoryOfThePoolThatHasBecomeALinkIsNotRepairedIn() async throws {
        let directory = try fixture.directory.makeDirectory("pool/machines/one")
        try fixture.addDamaged("machines/one/disk.qed")
        #expect(try await fixture.scan().status != 0)
        let moved = fixture.directory.file("moved")
        for (from, link) in [(directory, directory), ("\(fixture.pool)/machines", "\(fixture.pool)/machines")] {
            try #require(rename(from, moved) == 0 && symlink(moved, link) == 0)
            let image = from == directory ? "\(moved)/disk.qed" : "\(moved)/one/disk.qed"
            let before = try FileState(image)
            let repair = try await fixture.repair()
            #expect(repair.status & 8 == 8, "\(repair.errors)")
            #expect(repair.output.contains("following links"), "\(repair.output)")
            #expect(try FileState(image) == before)
            let beside = try FileManager.default.contentsOfDirectory(
                atPath: (image as NSString).deletingLastPathComponent)
            #expect(beside == ["disk.qed"])
            try #require(unlink(link) == 0 && rename(moved, from) == 0)
        }
        #expect(try await fixture.repair().status & 1 == 1)
    }
}
