import Files
import Testing

@testable import QED
@testable import Store

/// Backing files in the store: what a scan writes of them, and what the views say.
@Suite struct BackingViewTests {
    private let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    private func problems() throws -> [String] {
        try fixture.lines("SELECT path, problem, detail FROM backing_problem ORDER BY path, problem")
    }

    /// Overlays of each other by number: /3 on /2, for `(3, 2)`. A base without its own row is a plain file.
    private func scan(chain links: [(Int, Int)]) throws {
        try fixture.scan { writer in
            for (overlay, base) in links {
                writer.write(
                    "/\(overlay)", inode: UInt64(overlay),
                    on: .sample(.sample("/\(base)", inode: UInt64(base)), inode: UInt64(overlay)))
            }
        }
    }

    @Test func everyProblemIsDistinguished() throws {
        try fixture.scan { writer in
            let size: UInt64 = 64 << 20
            writer.write("/base", inode: 1)
            writer.write("/corrupt", inode: 2, report: .corrupt(3))
            writer.write("/dirty", inode: 3, report: .sample { $0.features = .needCheck })
            writer.write("/used", inode: 4, report: nil)
            writer.write("/ok", inode: 20, on: .sample(.sample("/base", inode: 1)))
            writer.write("/a", inode: 21, on: .sample(.sample("/gone", .missing)))
            writer.write("/b", inode: 22, on: .sample(.sample("/no", .unreadable)))
            writer.write("/c", inode: 23, on: .sample(.sample("/fifo", .notRegular)))
            writer.write("/d", inode: 24, on: .sample(.sample("/d", inode: 24)))
            writer.write("/e", inode: 25, on: .sample(.sample("/corrupt", inode: 2)))
            writer.write("/f", inode: 26, on: .sample(.sample("/dirty", inode: 3)))
            writer.write("/g", inode: 27, on: .sample(.sample("/used", inode: 4)))
            writer.write("/h", inode: 28, on: .sample(.sample("/base", inode: 1, modified: 2_001)))
            writer.write("/i", inode: 29, on: .sample(.sample("/base", inode: 1), isRaw: true))
            writer.write("/j", inode: 30, on: .sample(.sample("/base", inode: 1, size: size + 512)))
            writer.write("/k", inode: 31, on: .sample(.sample("/base", inode: 1, modified: 2_001), born: nil))
            writer.write("/l", inode: 32, on: .sample(.sample("/links", .loop)))
        }
        #expect(
            try problems() == [
                "/a|missing|-", "/b|unreadable|error 2", "/c|unreadable|not a regular file: fifo", "/d|self|-",
                "/e|base-corrupt|corrupt, 3 corruptions", "/f|base-dirty|-", "/g|base-in-use|-",
                "/h|base-changed|modified 1970-01-01 00:00:00, the overlay was made 1970-01-01 00:00:00",
                "/i|raw-flag|-", "/j|base-larger|67109376 bytes, the overlay 67108864",
                "/l|unreadable|too many symbolic links",
            ])
    }

    @Test func aDiskMayBeABackingFile() throws {
        var disk = BackingTarget(path: RawPath("/dev/sda"), state: .notRegular)
        disk.fileType = .block
        try fixture.scan { $0.write("/a", inode: 1, on: .sample(disk)) }
        #expect(try problems().isEmpty)
    }

    @Test func everyImageOfACycleIsNamedAndNoOther() throws {
        // 1 -> 2 -> 3 -> 1, 4 on 3, 5 on 4, 6 on a file.
        try scan(chain: [(1, 2), (2, 3), (3, 1), (4, 3), (5, 4), (6, 7)])
        #expect(try problems() == ["/1|cycle|of 3 images", "/2|cycle|of 3 images", "/3|cycle|of 3 images"])
        #expect(
            try fixture.lines("SELECT path, depth FROM backing_tree WHERE base_path = '/1' ORDER BY depth, path")
                == ["/3|1", "/2|2", "/4|2", "/1|3", "/5|3"])
    }

    @Test func theTreeHasEveryOverlayOnce() throws {
        // 2 and 3 on 1, 4 on 2, 5 on 4; 1 is an image, 9 a plain file with 6 on it and 7 on that.
        try scan(chain: [(2, 1), (3, 1), (4, 2), (5, 4), (6, 9), (7, 6)])
        try fixture.scan { $0.write("/1", inode: 1) }
        let tree = "SELECT base_path, base_image_id, path, depth FROM backing_tree"
        #expect(
            try fixture.lines("\(tree) WHERE base_path = '/1' ORDER BY depth, path")
                == ["/1|7|/2|1", "/1|7|/3|1", "/1|7|/4|2", "/1|7|/5|3"])
        #expect(
            try fixture.lines("\(tree) WHERE base_path = '/9' ORDER BY depth") == ["/9|-|/6|1", "/9|-|/7|2"])
        #expect(try fixture.lines("SELECT count(*) FROM backing_tree") == ["10"])
    }

    @Test(arguments: [(8, 0), (9, 1), (12, 4), (150, 142)]) func deepChainsAreNamed(length: Int, problems: Int) throws {
        try scan(chain: (1...length).map { ($0, $0 - 1) })
        #expect(try self.problems().count == problems)
        #expect(try self.problems().allSatisfy { $0.contains("|deep|") })
    }

    @Test func aCycleLongerThanAChainIsFollowedEnds() throws {
        try scan(chain: (0..<150).map { ($0, ($0 + 1) % 150) })
        #expect(try fixture.lines("SELECT count(*), max(depth) FROM backing_tree") == ["15000|100"])
    }

    @Test func aBaseOfSeveralNamesIsFoundByItsFile() throws {
        try fixture.scan { writer in
            writer.write("/base", inode: 77)
            writer.write("/a", inode: 1, on: .sample(.sample("/other-name", inode: 77)))
        }
        #expect(try fixture.lines("SELECT base_image_id, base_path FROM backing_link") == ["1|/other-name"])
        try fixture.scan(host: "elsewhere") { writer in
            writer.write("/a", inode: 1, on: .sample(.sample("/base", inode: 77)))
        }
        #expect(
            try fixture.lines("SELECT host, base_image_id FROM backing_link ORDER BY host") == [
                "elsewhere|-", "test|1",
            ])
    }

    @Test func anUnchangedScanChangesNothing() throws {
        let link = ImageBacking.sample(.sample("/base", inode: 1))
        try fixture.scan { writer in
            writer.write("/base", inode: 1)
            writer.write("/a", inode: 2, on: link)
        }
        let content = "SELECT * FROM backing"
        let before = try fixture.lines(content)
        for _ in 0..<3 {
            try fixture.scan { writer in
                writer.writeReused(imageID: 1, outcome: .clean, isDirty: false)
                writer.writeReused(imageID: 2, outcome: .clean, isDirty: false, backing: link)
            }
        }
        #expect(try fixture.lines(content) == before)
        #expect(before.count == 1)
        #expect(try fixture.lines("SELECT count(*) FROM check_result") == ["2"])
        #expect(try fixture.lines("SELECT * FROM image_event").isEmpty)
        #expect(try problems().isEmpty)
    }

    @Test func aBaseSeenToChangeIsRememberedUntilTheOverlayIsAnother() throws {
        func scan(modified: Int64, state: BackingTarget.State = .found, born: Int64? = nil) throws -> [String] {
            try fixture.scan {
                $0.write("/a", inode: 2, on: .sample(.sample("/base", state, modified: modified), born: born))
            }
            return try problems().map { String($0.split(separator: "|")[1]) }
        }
        #expect(try scan(modified: 1) == [])
        #expect(try scan(modified: 5) == ["base-changed"])
        #expect(try scan(modified: 5) == ["base-changed"])
        #expect(try scan(modified: 0, state: .missing) == ["missing"])
        #expect(try scan(modified: 5) == ["base-changed"])
        #expect(try fixture.lines("SELECT base_changed_scan_id, scan_id FROM backing") == ["2|5"])
        #expect(try scan(modified: 5, born: 10) == [])
    }

    @Test func anOverlayThatLostItsBackingFileHasNoRow() throws {
        try fixture.scan { $0.write("/a", inode: 2, on: .sample(.sample("/base"))) }
        try fixture.scan { $0.write("/a", inode: 2, on: .unknown) }
        #expect(try fixture.lines("SELECT count(*) FROM backing") == ["1"])
        try fixture.scan { $0.write("/a", inode: 2) }
        #expect(try fixture.lines("SELECT count(*) FROM backing") == ["0"])
    }

    @Test func namesThatAreNotUTF8AreKept() throws {
        let name: [UInt8] = [0x2F, 0xFF, 0x0A, 0x41]
        var base = BackingTarget(path: RawPath(bytes: name), state: .missing)
        base.code = 2
        let reference = BackingReference(
            name: BackingName(bytes: name), isRaw: true, imageSize: .max, inode: .max, birthTime: nil)
        let link = ImageBacking.link(BackingLink(reference: reference, kind: .file, base: base))
        try fixture.scan {
            $0.write("/a", inode: .max, on: link, report: .sample(backingFile: name))
        }
        #expect(
            try fixture.lines("SELECT name, hex(name_bytes), base_path, hex(base_path_bytes) FROM backing")
                == ["/\\xff\nA|2FFF0A41|/\\xff\nA|2FFF0A41"])
        let known = try ScanStore(reading: fixture.path).knownImages(host: "test", oldest: nil)
        #expect(known.map(\.reference?.name.bytes) == [name])
        #expect(known.map(\.reference?.isRaw) == [true])
        #expect(known.map(\.reference?.inode) == [.max])
    }

    @Test func anOverlayOfAnOlderStoreIsCheckedAgain() throws {
        try fixture.scan { writer in
            writer.write("/a", inode: 1, on: .unknown, report: .sample(backingFile: Array("base".utf8)))
            writer.write("/b", inode: 2)
        }
        let known = try ScanStore(reading: fixture.path).knownImages(host: "test", oldest: nil)
            .map { try fixture.path(of: $0).text }
        #expect(known == ["/b"])
    }

    @Test func imagesThatAreMissingHaveNoProblem() throws {
        try fixture.scan { $0.write("/a", inode: 1, on: .sample(.sample("/gone", .missing))) }
        try fixture.scan { _ in }
        #expect(try problems().isEmpty)
        #expect(try fixture.lines("SELECT path, present FROM backing_tree") == ["/a|0"])
    }
}
