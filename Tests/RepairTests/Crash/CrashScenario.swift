import Lab
import QED
import Repair

/// An image and the repair of it that a crash interrupts.
struct CrashScenario: Sendable, CustomStringConvertible {
    let description: String
    let image: @Sendable () throws -> [UInt8]
    let options: RepairOptions

    init(_ description: String, _ options: RepairOptions = .with(), _ image: @escaping @Sendable () throws -> [UInt8]) {
        self.description = description
        self.image = image
        self.options = options
    }

    private static let cluster: UInt64 = 4096

    /// Each action, and combinations.
    static let all: [CrashScenario] = [
        CrashScenario("three invalid entries") {
            try .init(TestImage.small(.l2(0, 1, 5), .l2(0, 2, 7), .l2(1, 0, 1 << 50)))
        },
        CrashScenario("a shared cluster") { try TestImage.small(.l2(1, 0, 3 * cluster)) },
        CrashScenario("four neighbours shared, dirty") {
            try TestImage.small(
                .l2(1, 0, 3 * cluster), .l2(1, 1, 4 * cluster), .l2(1, 2, 5 * cluster), .l2(1, 3, 6 * cluster)
            ) { $0.features.insert(.needCheck) }
        },
        CrashScenario("data on the L1 table and on an L2 table") {
            try TestImage.small(.l2(0, 2, cluster), .l2(1, 1, 2 * cluster))
        },
        CrashScenario("data on an L2 table with an invalid entry") {
            try TestImage.small(.l2(0, 2, 7 * cluster), .l2(1, 1, 99), .l2(1, 3, 1 << 40))
        },
        CrashScenario("truncated data, dirty") {
            try TestImage.small(.length(12 * cluster - 700)) { $0.features.insert(.needCheck) }
        },
        CrashScenario("truncated data, shared") {
            try TestImage.small(.l2(0, 0, 11 * cluster), .length(12 * cluster - 700))
        },
        CrashScenario("an entry where copies go") {
            try TestImage.small(.l2(0, 1, 12 * cluster), .l2(0, 2, 13 * cluster), .l2(1, 0, 3 * cluster))
        },
        CrashScenario("an L1 entry where copies go, zeros", .with(invalid: .zero)) {
            try TestImage.small(.l1(1, 1 << 41), .l2(0, 1, 3 * cluster)) { $0.backingFilename = "base.raw" }
        },
        CrashScenario("a shared table", .with(.cloneTables)) { try TestImage.small(.l1(1, 2 * cluster)) },
        CrashScenario("a shared table with everything else", .with(.cloneTables, .clearAutoclear)) {
            try TestImage.small(
                .l1(1, 2 * cluster), .l2(0, 1, 3 * cluster), .l2(0, 2, 99), .field(.autoclearFeatures, 6)
            ) { $0.features.insert(.needCheck) }
        },
        CrashScenario("autoclear bits, dirty", .with(.clearAutoclear)) {
            try TestImage.small(.field(.autoclearFeatures, 3)) { $0.features.insert(.needCheck) }
        },
        CrashScenario("leaks, saved", .with(.reclaimLeaks, savesLeaked: true)) {
            try TestImage.small(.l2(0, 1, 0), .l2(1, 2, 0), .l2(1, 3, 0)) { $0.features.insert(.needCheck) }
        },
        CrashScenario("leaks, not saved", .with(.reclaimLeaks)) {
            try TestImage.small(.l2(0, 1, 0), .l2(1, 2, 0), .l2(1, 3, 0)) { $0.features.insert(.needCheck) }
        },
        CrashScenario("a leaked tail in part", .with(.reclaimLeaks, savesLeaked: true)) {
            try TestImage.small(.l2(1, 2, 0), .l2(1, 3, 0), .length(12 * cluster - 9))
        },
    ]
}
