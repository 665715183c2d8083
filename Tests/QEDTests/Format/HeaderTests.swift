import QED
import Testing

@Suite struct HeaderTests {
    /// A header that keeps every rule, of an image of 12 clusters of 4 KiB.
    private static let valid: Header = {
        var header = Header()
        header.clusterSize = 4096
        header.tableSize = 1
        header.l1TableOffset = ByteOffset(4096)
        header.imageSize = 1 << 20
        return header
    }()
    private static let fileSize: UInt64 = 12 * 4096

    private func fault(_ change: (inout Header) -> Void) -> HeaderFault? {
        var header = HeaderTests.valid
        change(&header)
        do throws(HeaderFault) {
            _ = try Geometry(validating: header, fileSize: HeaderTests.fileSize)
            return nil
        } catch {
            return error
        }
    }

    @Test func encodingAndDecodingGiveTheSameHeader() {
        var header = Header()
        header.features = [.backingFile, .needCheck]
        header.compatFeatures = 0x0123_4567_89AB_CDEF
        header.autoclearFeatures = .max
        header.l1TableOffset = ByteOffset(0x10000)
        header.imageSize = 1 << 40
        header.backingFilenameOffset = 64
        header.backingFilenameSize = 0xFFFF_FFFF
        let bytes = header.encoded()
        #expect(bytes.count == Header.byteCount)
        #expect(bytes.withUnsafeBytes { Header(decoding: $0) } == header)
    }

    @Test func magicStandsFirstAsText() {
        #expect(Array(Header().encoded().prefix(4)) == Array("QED".utf8) + [0])
    }

    @Test(arguments: HeaderField.allCases)
    func fieldStandsWhereTheSpecificationSays(_ field: HeaderField) {
        var bytes = [UInt8](repeating: 0, count: Header.byteCount)
        bytes[field.offset + field.size - 1] = 0x80
        let header = bytes.withUnsafeBytes { Header(decoding: $0) }
        var encoded = header.encoded()
        #expect(encoded == bytes)
        encoded[field.offset + field.size - 1] = 0
        #expect(encoded.allSatisfy { $0 == 0 })
    }

    @Test func missingBytesOfAShortHeaderAreZero() {
        for length in 0...Header.byteCount {
            let bytes = Array(HeaderTests.valid.encoded().prefix(length))
            let padded = bytes + [UInt8](repeating: 0, count: Header.byteCount - length)
            #expect(bytes.withUnsafeBytes { Header(decoding: $0) }.encoded() == padded)
        }
    }

    @Test func everyTableSizeOfTheSpecificationIsAccepted() {
        for size in [1, 2, 4, 8] as [UInt32] { #expect(fault { $0.tableSize = size } == nil) }
        for size in [0, 3, 5, 7, 12, 15, 17, 32] as [UInt32] {
            #expect(fault { $0.tableSize = size }?.kind == .tableSizeInvalid)
        }
    }

    @Test func onlyPowersOfTwoFrom4KiBTo64MiBAreClusterSizes() {
        var accepted: [UInt32] = []
        for shift in 0..<32 as Range<UInt32> {
            for size in [1 << shift, (1 << shift) &+ 1] as [UInt32]
            where fault({ $0.clusterSize = size })?.kind != .clusterSizeInvalid {
                accepted.append(size)
            }
        }
        #expect(accepted == (12...26).map { 1 << $0 })
    }

    @Test func imageSizeIsLimitedByTheTables() {
        #expect(fault { $0.imageSize = 512 * 512 * 4096 } == nil)
        #expect(fault { $0.imageSize = 512 * 512 * 4096 + 512 }?.kind == .imageSizeTooLarge)
        #expect(fault { $0.imageSize = 1 }?.kind == .imageSizeUnaligned)
        #expect(fault { $0.imageSize = 0 } == nil)
    }

    @Test func imageSizeLimitSaturates() {
        // n * n * cluster size is 2^63, 2^64, and far more.
        for (clusterSize, tableSize, limit) in [
            (1 << 21, 8, 1 << 63), (1 << 21, 16, UInt64.max), (1 << 26, 16, UInt64.max),
        ] as [(UInt32, UInt32, UInt64)] {
            var header = HeaderTests.valid
            header.clusterSize = clusterSize
            header.tableSize = tableSize
            #expect(header.maximumImageSize == limit)
        }
    }

    @Test func unknownFeatureBitsComeBeforeEveryOtherFault() {
        for bit in 3..<64 as Range<UInt64> {
            let found = fault {
                $0.features = FeatureBits(rawValue: 1 << bit)
                $0.clusterSize = 0
            }
            #expect(found?.kind == .featuresUnsupported)
        }
        #expect(fault { $0.features = .known } == nil)
    }

    @Test func l1TableMustBeAlignedAfterTheHeaderAndInTheFile() {
        #expect(fault { $0.l1TableOffset = ByteOffset(4097) }?.kind == .l1OffsetUnaligned)
        #expect(fault { $0.l1TableOffset = ByteOffset(0) }?.kind == .l1OffsetInHeader)
        #expect(fault { $0.headerSize = 2 }?.kind == .l1OffsetInHeader)
        #expect(fault { $0.l1TableOffset = ByteOffset(12 * 4096) }?.kind == .l1OffsetBeyondFile)
        #expect(fault { $0.l1TableOffset = ByteOffset(.max << 12) }?.kind == .l1OffsetBeyondFile)
        #expect(fault { $0.l1TableOffset = ByteOffset(11 * 4096) } == nil)
    }

    @Test func backingFileNameIsTestedOnlyWithItsFeatureBit() {
        #expect(fault { $0.backingFilenameOffset = .max } == nil)
        let outside = fault {
            $0.features = .backingFile
            $0.backingFilenameOffset = .max
            $0.backingFilenameSize = .max
        }
        #expect(outside?.kind == .backingFilenameOutsideHeader)
        #expect(outside?.description.isEmpty == false)
    }
}
