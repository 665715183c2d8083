import Files
import Foundation
import Glibc
import Lab
import TestSupport
import Testing

@testable import QED

/// Opening a name only if it is an image, and what is known of an open one.
@Suite struct ImageFileTests {
    private let scratch: TemporaryDirectory

    init() throws { scratch = try TemporaryDirectory() }

    private func image(_ name: String) throws -> ImageFile? {
        try scratch.file(name).withCString { try ImageFile.image(directory: AT_FDCWD, name: $0) }
    }

    private func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: scratch.file(name)))
    }

    @Test(arguments: [[], [0x51], Array("QE".utf8), Array("qed".utf8), Array("QED1".utf8), Array("text".utf8)])
    func whatDoesNotBeginWithTheMagicNumberIsNoImage(_ bytes: [UInt8]) throws {
        try write(bytes, to: "file")
        #expect(try image("file") == nil)
    }

    @Test(arguments: [Array("QED".utf8), Array("QED\0".utf8), Array("QED\0more".utf8)])
    func theMagicNumberMakesAnImage(_ bytes: [UInt8]) throws {
        try write(bytes, to: "file")
        let file = try #require(try image("file"))
        #expect(file.size == UInt64(bytes.count))
        #expect(try file.hasMagic())
    }

    @Test func whatIsNoRegularFileIsNoImage() throws {
        _ = try scratch.makeDirectory("directory")
        try #require(mkfifo(scratch.file("fifo"), 0o644) == 0)
        #expect(try image("directory") == nil)
        #expect(try image("fifo") == nil)
        #expect(throws: SystemError("open", code: ENOENT)) { try image("nothing") }
        try write(Array("QED\0".utf8), to: "file")
        try #require(symlink(scratch.file("file"), scratch.file("link")) == 0)
        #expect(throws: SystemError("open", code: ELOOP)) { try image("link") }
    }

    @Test func theStatusOfAnOpenImageIsTheOneOfItsName() throws {
        try ImageWriter(ImagePlan()).write(to: RawPath(scratch.file()))
        try #require(link(scratch.file(), scratch.file("second")) == 0)
        let opened = try ImageFile(path: RawPath(scratch.file()))
        let named = try FileStatus(directory: AT_FDCWD, name: RawPath(scratch.file()).bytes)
        #expect(opened.status.identity == named.identity)
        #expect(opened.status.isRegular && !opened.status.isDirectory)
        #expect(opened.status.linkCount == 2)
        #expect(opened.status.diskSize == named.diskSize && named.diskSize > 0)
        if let birth = opened.birthTime { #expect(birth <= opened.status.identity.changeTime) }
    }

    @Test func aFileOfTheKernelIsNotLocal() throws {
        let descriptor = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        #expect(FileSystem(descriptor: descriptor).isPseudo)
        #expect(!FileSystem(descriptor: descriptor).isLocal)
        let unknown = FileSystem(descriptor: -1)
        #expect(!unknown.isPseudo && !unknown.isLocal)
    }
}
