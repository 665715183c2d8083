import Files
import Foundation
import Glibc
import TestSupport
import Testing

@testable import QED

@Suite struct ParentDirectoryTests {
    /// The reason, 0 if there is none.
    private func code(_ path: String) -> Int32 {
        do throws(SystemError) {
            _ = try ImageFile(withoutLinks: RawPath(path))
            return 0
        } catch {
            return error.code
        }
    }

    @Test func noLinkOnTheWayIsFollowed() throws {
        let folder = try TemporaryFolder()
        let real = try folder.folder("one/two")
        _ = try folder.write([1, 2, 3], to: "one/two/image.qed")
        try #require(symlink("one", folder.file("link")) == 0 && symlink("two", "\(folder.file("one"))/three") == 0)
        try #require(symlink("image.qed", "\(real)/name") == 0)
        #expect(code("\(real)/image.qed") == 0)
        #expect(code("\(folder.path)//one/./two/../two/image.qed") == 0)
        #expect(code(folder.file("link/two/image.qed")) == ENOTDIR)
        #expect(code(folder.file("one/three/image.qed")) == ENOTDIR)
        #expect(code("\(real)/name") == ELOOP)
        #expect(code("\(real)/missing") == ENOENT)
        #expect(code("\(real)/image.qed/x") == ENOTDIR)
    }

    @Test func deviceIsNotOpened() {
        #expect(code("/dev/null") == ENODEV)
        #expect(code("/dev/zero") == ENODEV)
    }

    @Test func pathLongerThanTheSystemTakesIsOpened() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write([1], to: "image.qed")
        let detour = String(repeating: "./", count: 4000)
        #expect(code("\(folder.path)/\(detour)image.qed") == 0)
    }

    @Test func rootHasItselfAsName() throws {
        #expect(try ParentDirectory(of: RawPath("/")).name == Array(".".utf8))
        #expect(try ParentDirectory(of: RawPath("/tmp/")).name == Array("tmp".utf8))
    }

    @Test func temporaryNamesAreUnique() {
        let names = Set((0..<1000).map { _ in TemporaryName.beside(RawPath("/x/y")).text })
        #expect(names.count == 1000)
        #expect(names.allSatisfy { $0.hasPrefix("/x/.qedscan-") && $0.hasSuffix(".tmp") })
    }
}
