import Files
import Foundation
import QED
import Repair
import TestSupport
import Testing

struct ImageStorageTests {
    @Test func whatIsWrittenIsReadBackAndSizeFollowsTheFile() throws {
        let fixture = try ImageFixture()
        let image = try fixture.takeWhenFree()
        try image.write([1, 2, 3], at: 100)
        #expect(image.size == 10_000)
        try image.write([4, 5], at: 20_000)
        #expect(image.size == 20_002)
        #expect(image.size == (try FileStatus(opening: fixture.path).identity.size))
        #expect(try image.bytes(at: ByteOffset(99), count: 5) == [7, 1, 2, 3, 7])
        #expect(try image.bytes(at: ByteOffset(19_999), count: 3) == [0, 4, 5])
        try image.syncData()
        try image.sync()
        try image.dropCache()
        #expect(try fixture.contents().count == 20_002)
        #expect(try image.bytes(at: ByteOffset(100), count: 3) == [1, 2, 3])
    }

    @Test func statusTellsASizeThatAnotherHasChanged() throws {
        let fixture = try ImageFixture()
        let image = try fixture.takeWhenFree()
        #expect(truncate(fixture.path.text, 5) == 0)
        #expect(try image.status().identity.size == 5)
        #expect(image.size == 5)
    }

    @Test func extendingGivesZerosThatOccupyTheDisk() throws {
        let fixture = try ImageFixture()
        let image = try fixture.takeWhenFree()
        try image.extend(to: 1 << 20)
        #expect(image.size == 1 << 20)
        #expect(image.diskSize >= 1 << 20)
        let bytes = try fixture.contents()
        #expect(bytes.count == 1 << 20)
        #expect(bytes[..<10_000].allSatisfy { $0 == 7 } && bytes[10_000...].allSatisfy { $0 == 0 })
    }

    @Test func lengthsThatAreNotPossibleAreErrors() throws {
        let fixture = try ImageFixture()
        let image = try fixture.takeWhenFree()
        #expect(throws: SystemError("fallocate", code: EINVAL)) { try image.extend(to: 9999) }
        #expect(throws: SystemError("fallocate", code: EFBIG)) { try image.extend(to: .max) }
        #expect(throws: SystemError.self) { try image.extend(to: UInt64(Int64.max)) }
        #expect(throws: SystemError("ftruncate", code: EINVAL)) { try image.cut(to: 10_001) }
        #expect(throws: SystemError("pwrite", code: EFBIG)) { try image.write([1], at: .max) }
        #expect(throws: SystemError("fallocate", code: EFBIG)) {
            try image.punchHole(at: ByteOffset(.max), length: 1)
        }
        #expect(image.size == 10_000)
        #expect(try fixture.contents() == Array(repeating: 7, count: 10_000))
    }

    @Test func cuttingAndPunchingGiveSpaceBack() throws {
        let fixture = try ImageFixture(Array(repeating: 7, count: 1 << 20))
        let image = try fixture.takeWhenFree()
        try image.sync()
        let before = try image.status().diskSize
        try image.punchHole(at: ByteOffset(65536), length: 131_072)
        #expect(image.size == 1 << 20)
        #expect(image.diskSize + 131_072 <= before)
        #expect(try image.bytes(at: ByteOffset(65535), count: 2) == [7, 0])
        #expect(try image.bytes(at: ByteOffset(196_607), count: 2) == [0, 7])
        try image.cut(to: 65536)
        #expect(image.size == 65536)
        #expect(try fixture.contents() == Array(repeating: 7, count: 65536))
    }

    @Test func dataAndHolesAreDistinguished() throws {
        let fixture = try ImageFixture()
        let image = try fixture.takeWhenFree()
        try image.write([1], at: 1 << 20)
        let first = try #require(try image.nextData(from: ByteOffset(0)))
        #expect(first.lowerBound == 0 && first.upperBound <= 1 << 20)
        #expect(try image.nextData(from: ByteOffset(2 << 20)) == nil)
    }

    /// Without the signal ignored, as the program does, the process would end.
    @Test func writingPastTheLimitOfAFileSizeIsAnErrorAndLeavesTheLength() async {
        await #expect(processExitsWith: .success) {
            signal(SIGXFSZ, SIG_IGN)
            let fixture = try ImageFixture()
            let image = try fixture.takeWhenFree()
            var limit = rlimit(rlim_cur: 20_000, rlim_max: 20_000)
            let resource = __rlimit_resource_t(UInt32(RLIMIT_FSIZE.rawValue))
            try #require(setrlimit(resource, &limit) == 0)
            #expect(throws: SystemError("fallocate", code: EFBIG)) { try image.extend(to: 30_000) }
            #expect(image.size == 10_000)
            // Short at the limit, and then nothing.
            #expect(throws: SystemError("pwrite", code: EFBIG)) {
                try image.write(Array(repeating: 1, count: 100), at: 19_950)
            }
            #expect(image.size == 20_000)
            #expect(image.size == (try image.status().identity.size))
        }
    }

    @Test(.enabled(if: canMount, "file systems cannot be mounted here"))
    func fullDiskIsAnErrorAndLeavesTheLength() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            try mountForThisThread("tmpfs", at: directory.path, options: "size=1m")
            defer { unmount(directory.path) }
            let path = RawPath(try directory.write(Array(repeating: 7, count: 100_000), to: "image.qed"))
            let image = try ExclusiveUse.take(
                path, expecting: .unchanged(try FileStatus(opening: path).identity), options: AccessOptions())
            #expect(throws: SystemError("fallocate", code: ENOSPC)) { try image.extend(to: 2 << 20) }
            #expect(image.size == 100_000)
            #expect(try image.status().identity.size == 100_000)
            try image.extend(to: 200_000)
            #expect(image.size == 200_000)
        }
    }

    @Test(.enabled(if: canMount, "file systems cannot be mounted here"))
    func withoutAllocationZerosAreWrittenAndHolesAreAnError() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            try mountForThisThread("ramfs", at: directory.path)
            defer { unmount(directory.path) }
            let path = RawPath(try directory.write(Array(repeating: 7, count: 100_000), to: "image.qed"))
            let image = try ExclusiveUse.take(
                path, expecting: .unchanged(try FileStatus(opening: path).identity), options: AccessOptions())
            try image.extend(to: 3 << 20)
            #expect(throws: SystemError("fallocate", code: EOPNOTSUPP)) {
                try image.punchHole(at: ByteOffset(0), length: 65536)
            }
            #expect(image.size == 3 << 20)
            let bytes = try directory.contents("image.qed")
            #expect(bytes.count == 3 << 20)
            #expect(bytes.prefix(100_000).allSatisfy { $0 == 7 } && bytes.dropFirst(100_000).allSatisfy { $0 == 0 })
            #expect(image.diskSize >= 3 << 20)
            // Not all of the zeros fit.
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 4 << 20, rlim_max: 4 << 20)
            try #require(setrlimit(__rlimit_resource_t(UInt32(RLIMIT_FSIZE.rawValue)), &limit) == 0)
            #expect(throws: SystemError("pwrite", code: EFBIG)) { try image.extend(to: 5 << 20) }
            #expect(image.size == 3 << 20)
            #expect(try image.status().identity.size == 3 << 20)
        }
    }
}
