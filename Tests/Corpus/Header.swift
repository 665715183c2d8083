import Lab
import QED

extension CorpusCase {
    private static let small = Sample.small

    /// Headers that make an image unusable.
    static let headerCases: [CorpusCase] =
        [
            small.invalid(
                "63 of 64 bytes", [.length(63)], Sample.header(.headerTruncated, at: 63, nil),
                Sample.header(.l1OffsetBeyondFile, at: 40, 4096)),
            small.invalid(
                "20 bytes", [.length(20)], Sample.header(.headerTruncated, at: 20, nil),
                Sample.header(.l1OffsetInHeader, at: 40, 0)),
            small.invalid(
                "the magic alone", [.length(4)], Sample.header(.headerTruncated, at: 4, nil),
                Sample.header(.clusterSizeInvalid, at: 4, 0)),
            small.invalid(
                "feature bit 3", [.field(.features, 0x8)], outcome: .unsupported,
                Sample.header(.featuresUnsupported, at: 16, 0x8)),
            small.invalid(
                "feature bit 63, dirty", [.field(.features, 1 << 63 | 2)], outcome: .unsupported, isDirty: true,
                Sample.header(.featuresUnsupported, at: 16, 1 << 63 | 2)),
            small.invalid(
                "features before all else", [.field(.features, 0x10), .field(.clusterSize, 7)], outcome: .unsupported,
                Sample.header(.featuresUnsupported, at: 16, 0x10)),
        ]
        + [0, 1, 2048, 4095, 4097, 12288, 1 << 27, 1 << 31].map { size in
            small.invalid(
                "cluster size \(size)", [.field(.clusterSize, size)], Sample.header(.clusterSizeInvalid, at: 4, size))
        }
        + [0, 3, 6, 17, 32, 0xFFFF_FFFF].map { size in
            small.invalid(
                "table size \(size)", [.field(.tableSize, size)], Sample.header(.tableSizeInvalid, at: 8, size))
        }
        + imageSizeCases + l1OffsetCases + headerSizeCases + backingFilenameCases

    private static let imageSizeCases: [CorpusCase] = [
        small.invalid(
            "image size with an odd byte", [.field(.imageSize, 4 << 20 | 1)],
            Sample.header(.imageSizeUnaligned, at: 48, 4 << 20 | 1)),
        small.invalid(
            "image size 2^64 - 1", [.field(.imageSize, .max)], Sample.header(.imageSizeUnaligned, at: 48, .max)),
        // 512 * 512 * 4096 bytes is the limit.
        small.invalid(
            "image size one sector over the limit", [.field(.imageSize, 1 << 30 | 512)],
            Sample.header(.imageSizeTooLarge, at: 48, 1 << 30 | 512)),
        small.test("image size at the limit", [.field(.imageSize, 1 << 30)]) { $0.total = 262_144 },
    ]

    private static let l1OffsetCases: [CorpusCase] = [
        small.invalid(
            "L1 table in the midst of a cluster", [.field(.l1TableOffset, 4104)],
            Sample.header(.l1OffsetUnaligned, at: 40, 4104)),
        small.invalid(
            "L1 table at 0", [.field(.l1TableOffset, 0)], Sample.header(.l1OffsetInHeader, at: 40, 0)),
        Sample.wide.invalid(
            "L1 table in the header", [.field(.l1TableOffset, 4096)], Sample.header(.l1OffsetInHeader, at: 40, 4096)),
        small.invalid(
            "L1 table at 0 with header size 0", [.field(.l1TableOffset, 0), .field(.headerSize, 0)],
            Sample.header(.l1OffsetInHeader, at: 40, 0)),
        small.invalid(
            "L1 table at the end", [.field(.l1TableOffset, 12 * 4096)],
            Sample.header(.l1OffsetBeyondFile, at: 40, 12 * 4096)),
        small.invalid(
            "L1 table near 2^64", [.field(.l1TableOffset, .max - 4095)],
            Sample.header(.l1OffsetBeyondFile, at: 40, .max - 4095)),
        Sample.medium.invalid(
            "L1 table near 2^64", [.field(.l1TableOffset, .max - 4095)],
            Sample.header(.l1OffsetBeyondFile, at: 40, .max - 4095)),
        Sample.medium.invalid(
            "L1 table's last cluster past the end", [.length(2 * 4096)],
            Sample.header(.l1OffsetBeyondFile, at: 40, 4096)),
        Sample.medium.invalid(
            "L1 table's last cluster in part", [.length(2 * 4096 + 100)],
            Sample.header(.l1TableTruncated, at: 40, 4096)),
        small.invalid(
            "L1 table lacks a byte", [.length(2 * 4096 - 1)], Sample.header(.l1TableTruncated, at: 40, 4096)),
    ]

    private static let headerSizeCases: [CorpusCase] = [
        small.invalid(
            "header of 4 GiB",
            [.length(4 << 30 + 4096), .field(.headerSize, 1 << 20), .field(.l1TableOffset, 4 << 30)],
            Sample.header(.headerSizeTooLarge, at: 12, 1 << 20)),
        small.test(
            "header one cluster less than 4 GiB",
            [.length(4 << 30), .field(.headerSize, 1 << 20 - 1), .field(.l1TableOffset, 4 << 30 - 4096)]
        ) { $0.allocated = 0 },
        small.invalid(
            "header over the L1 table", [.field(.headerSize, 2)], Sample.header(.l1OffsetInHeader, at: 40, 4096)),
    ]

    private static let backingFilenameCases: [CorpusCase] = [
        small.invalid(
            "backing file name one byte past the header",
            [.field(.features, 1), .field(.backingFilenameOffset, 4090), .field(.backingFilenameSize, 7)],
            Sample.header(.backingFilenameOutsideHeader, at: 56, 4090)),
        small.invalid(
            "backing file name near 2^32",
            [.field(.features, 1), .field(.backingFilenameOffset, 0xFFFF_FFFF), .field(.backingFilenameSize, 2)],
            Sample.header(.backingFilenameOutsideHeader, at: 56, 0xFFFF_FFFF)),
        small.invalid(
            "backing file name of 4096 bytes", [.field(.features, 1), .field(.backingFilenameSize, 4096)],
            Sample.header(.backingFilenameTooLong, at: 60, 4096)),
        small.test(
            "backing file name to the header's end",
            [.field(.features, 1), .field(.backingFilenameOffset, 4090), .field(.backingFilenameSize, 6)]
        ) { _ in },
        small.test(
            "backing file name outside without the feature bit",
            [.field(.backingFilenameOffset, 4090), .field(.backingFilenameSize, 4096)]
        ) { _ in },
    ]

    /// Headers that are odd, but usable.
    static let headerNoticeCases: [CorpusCase] =
        Sample.all.flatMap { sample in
            [
                sample.test("dirty", [.field(.features, 2)]) { $0.isDirty = true },
                sample.test("compat bits", [.field(.compatFeatures, 1 << 63)]) {
                    $0.findings = [Sample.header(.compatFeaturesUnknown, at: 24, 1 << 63)]
                },
                sample.test("autoclear bits", [.field(.autoclearFeatures, 0x5)]) {
                    $0.findings = [Sample.header(.autoclearFeaturesUnknown, at: 32, 0x5)]
                },
                sample.test(
                    "all bits that are allowed", [.field(.compatFeatures, .max), .field(.autoclearFeatures, .max)]
                ) {
                    $0.findings = [
                        Sample.header(.compatFeaturesUnknown, at: 24, .max),
                        Sample.header(.autoclearFeaturesUnknown, at: 32, .max),
                    ]
                },
            ]
        }
        + [
            small.test("header size 0", [.field(.headerSize, 0)]) {
                $0.findings = [Sample.header(.headerSizeZero, at: 12, 0)]
            },
            // Its second cluster is a regular one then, and nobody's.
            Sample.wide.test("header size 1 of 2", [.field(.headerSize, 1)]) {
                $0.outcome = .leaking
                $0.leaks = 1
                $0.findings = [Sample.wide.leak(1, count: 1)]
            },
        ]
}
