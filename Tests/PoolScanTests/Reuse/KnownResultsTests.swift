import Files
import ScanModel
import Testing

@testable import PoolScan
@testable import QED

/// The table of reusable results, and the hashes that stand for paths in it.
@Suite struct KnownResultsTests {
    private func identity(inode: UInt64, device: UInt64 = 1, size: UInt64 = 7) -> FileIdentity {
        FileIdentity(device: device, inode: inode, size: size, modificationTime: 2, changeTime: 3)
    }

    private func result(_ imageID: Int64, _ path: String, _ identity: FileIdentity) -> KnownImage {
        KnownImage(
            imageID: imageID, path: PathHash(RawPath(path)), identity: identity, outcome: .clean, isDirty: false)
    }

    private func index(_ known: KnownResults, _ path: String, _ identity: FileIdentity) -> Int? {
        known.index(of: identity, path: PathHash(RawPath(path)))
    }

    @Test func eachOfManyResultsIsFoundByItsFileAndPathOnly() {
        var known = KnownResults()
        // Inodes that follow each other, as file systems give them, and some of several devices.
        let first = UInt64.max - 700
        for number in 0..<5000 {
            let identity = identity(inode: first &+ UInt64(number / 3), device: UInt64(number % 3))
            known.insert(result(Int64(number), "/pool/\(number)", identity))
        }
        for number in 0..<5000 {
            let identity = identity(inode: first &+ UInt64(number / 3), device: UInt64(number % 3))
            #expect(index(known, "/pool/\(number)", identity) == number)
            #expect(index(known, "/pool/\(number)x", identity) == nil)
            #expect(known.mayContain(inode: identity.inode))
        }
        #expect(!known.mayContain(inode: first &- 1))
        #expect(index(known, "/pool/0", self.identity(inode: first, device: 0, size: 8)) == nil)
        #expect(index(known, "/pool/0", self.identity(inode: first, device: 3)) == nil)
    }

    @Test func pathsOfOneFileAreToldApartAndCountAsOneFile() {
        var known = KnownResults()
        let (old, other) = (identity(inode: 5), identity(inode: 5, size: 8))
        known.insert(result(1, "/a", old))
        known.insert(result(2, "/b", old))
        known.insert(result(3, "/c", other))
        #expect(index(known, "/a", old) == 0)
        #expect(index(known, "/b", old) == 1)
        #expect(index(known, "/c", old) == nil)
        #expect(known.fileIndex(of: old) == 0)
        #expect(known.fileIndex(of: other) == 2)
        #expect(known.fileIndex(of: identity(inode: 6)) == nil)
    }

    /// A file system may give all its files one number. What is left out is checked again.
    @Test func oneInodeHasALimitedNumberOfResults() {
        var known = KnownResults()
        for number in 0..<50_000 {
            known.insert(result(Int64(number), "/pool/\(number)", identity(inode: 5, size: UInt64(number))))
        }
        known.insert(result(50_000, "/other", identity(inode: 6)))
        #expect(known.count == KnownResults.resultsPerInode + 1)
        #expect(index(known, "/pool/999", identity(inode: 5, size: 999)) == 999)
        #expect(index(known, "/pool/1000", identity(inode: 5, size: 1000)) == nil)
        #expect(index(known, "/other", identity(inode: 6)) == 1000)
    }

    @Test func nothingIsKnownAtFirst() {
        let known = KnownResults()
        #expect(!known.mayContain(inode: 0))
        #expect(known.fileIndex(of: identity(inode: 0)) == nil)
    }

    @Test func aHashContinuesThatOfTheDirectory() {
        let path: [UInt8] = Array("/pool/with some/name.qed\u{0}\u{0}".utf8)
        let whole = PathHash(RawPath(bytes: path))
        for end in path.indices {
            var hasher = PathHasher()
            path[..<end].withUnsafeBytes { hasher.add($0) }
            path[end...].withUnsafeBytes { hasher.add($0) }
            #expect(hasher.hash == whole)
            #expect(PathHash(RawPath(bytes: Array(path[..<end]))) != whole)
        }
    }

    @Test func hashesOfMostlyEqualPathsDiffer() {
        let names = (0..<20_000).map { "/pool/\($0)" } + (0..<64).map { String(repeating: "\u{0}", count: $0) }
        #expect(Set(names.map { PathHash(RawPath($0)) }).count == names.count)
    }
}
