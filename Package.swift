// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "qedscan",
    products: [
        .executable(name: "qedscan", targets: ["qedscan"]),
        .library(name: "QED", targets: ["QED"]),
    ],
    targets: [
        // From bytes to facts.
        .target(name: "CSystem"),
        .target(name: "QED", dependencies: ["CSystem"], swiftSettings: settings),
        .target(name: "PoolScan", dependencies: ["QED", "CSystem"], swiftSettings: settings),

        .systemLibrary(name: "CMessageDigest", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
        .target(name: "Repair", dependencies: ["QED", "CSystem", "CMessageDigest"], swiftSettings: settings),

        // The store.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .executableTarget(name: "embed-assets", swiftSettings: settings),
        .plugin(name: "EmbedAssets", capability: .buildTool(), dependencies: ["embed-assets"]),
        .target(name: "Assets", swiftSettings: settings, plugins: ["EmbedAssets"]),
        .target(
            name: "ReportStore", dependencies: ["QED", "Repair", "CSQLite", "CSystem", "Assets"],
            swiftSettings: settings),

        // The programs.
        .target(name: "CommandSyntax", swiftSettings: settings),
        .executableTarget(
            name: "qedscan",
            dependencies: ["CSystem", "CMessageDigest", "CommandSyntax", "PoolScan", "Repair", "ReportStore", "QED"],
            swiftSettings: settings),
        .target(name: "Lab", dependencies: ["QED"], swiftSettings: settings),
        .executableTarget(name: "qedlab", dependencies: ["CommandSyntax", "Lab", "QED"], swiftSettings: settings),

        // The tests.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .target(name: "NaiveCheck", path: "Tests/NaiveCheck", swiftSettings: settings),
        .target(
            name: "Corpus", dependencies: ["QED", "Lab", "NaiveCheck"], path: "Tests/Corpus", swiftSettings: settings),
        .testTarget(name: "AssetsTests", dependencies: ["Assets", "embed-assets"], swiftSettings: settings),
        .testTarget(
            name: "CommandSyntaxTests", dependencies: ["CommandSyntax", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "QEDTests", dependencies: ["QED", "Lab", "Corpus", "NaiveCheck", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "RepairTests",
            dependencies: ["Repair", "QED", "CSystem", "Lab", "Corpus", "NaiveCheck", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "LabTests", dependencies: ["Lab", "QED", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "ReportStoreTests", dependencies: ["ReportStore", "Repair", "Assets", "Lab", "QED", "TestSupport"],
            exclude: ["Stores"], swiftSettings: settings),
        .testTarget(
            name: "PoolScanTests", dependencies: ["PoolScan", "QED", "Lab", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "QedscanTests",
            dependencies: ["qedscan", "CommandSyntax", "Repair", "ReportStore", "Lab", "Corpus", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "PackagingTests", dependencies: ["qedscan", "CommandSyntax", "CSystem", "Lab", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "PeerTests",
            dependencies: ["qedscan", "QED", "Repair", "ReportStore", "Lab", "Corpus", "NaiveCheck", "TestSupport"],
            swiftSettings: settings),
        .executableTarget(
            name: "qedsoak", dependencies: ["Lab", "QED", "TestSupport"], path: "Tests/Soak", swiftSettings: settings),
        .testTarget(
            name: "SoakTests", dependencies: ["qedsoak", "qedscan", "Lab", "TestSupport"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
