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
        let directory = try TemporaryDirectory()
        let real = try directory.makeDirectory("one/two")
        _ = try directory.write([1, 2, 3], to: "one/two/image.qed")
        try #require(
            symlink("one", directory.file("link")) == 0 && symlink("two", "\(directory.file("one"))/three") == 0)
        try #require(symlink("image.qed", "\(real)/name") == 0)
        #expect(code("\(real)/image.qed") == 0)
        #expect(code("\(directory.path)//one/./two/../two/image.qed") == 0)
        #expect(code(directory.file("link/two/image.qed")) == ENOTDIR)
        #expect(code(directory.file("one/three/image.qed")) == ENOTDIR)
        #expect(code("\(real)/name") == ELOOP)
        #expect(code("\(real)/missing") == ENOENT)
        #expect(code("\(real)/image.qed/x") == ENOTDIR)
    }

    @Test func deviceIsNotOpened() {
        #expect(code("/dev/null") == ENODEV)
        #expect(code("/dev/zero") == ENODEV)
    }

    @Test func pathLongerThanTheSystemTakesIsOpened() throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write([1], to: "image.qed")
        let detour = String(repeating: "./", count: 4000)
        #expect(code("\(directory.path)/\(detour)image.qed") == 0)
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
