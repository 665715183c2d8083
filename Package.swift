// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "qedscan",
    products: [
        .executable(name: "qedscan", targets: ["qedscan"]),
        .library(name: "QED", targets: ["QED"]),
        // For the tests alone: a library to be preloaded.
        .library(name: "FaultShim", type: .dynamic, targets: ["FaultShim"]),
    ],
    targets: [
        // From bytes to facts.
        .target(name: "CSystem"),
        .target(name: "Files", dependencies: ["CSystem"], swiftSettings: settings),
        .target(name: "QED", dependencies: ["Files", "CSystem"], swiftSettings: settings),
        .target(name: "ScanModel", dependencies: ["QED", "Files"], swiftSettings: settings),
        .target(name: "PoolScan", dependencies: ["ScanModel", "QED", "Files", "CSystem"], swiftSettings: settings),

        .systemLibrary(name: "CMessageDigest", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
        .target(name: "Repair", dependencies: ["QED", "Files", "CSystem", "CMessageDigest"], swiftSettings: settings),

        // The store.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "SQLite", dependencies: ["CSQLite", "Files"], swiftSettings: settings),
        .executableTarget(name: "embed-assets", swiftSettings: settings),
        .plugin(name: "EmbedAssets", capability: .buildTool(), dependencies: ["embed-assets"]),
        .target(name: "Assets", swiftSettings: settings, plugins: ["EmbedAssets"]),
        .target(
            name: "Store",
            dependencies: ["ScanModel", "Repair", "SQLite", "QED", "Files", "CSystem", "CSQLite", "Assets"],
            swiftSettings: settings),

        // The programs.
        .target(name: "CommandSyntax", dependencies: ["Files"], swiftSettings: settings),
        .executableTarget(
            name: "qedscan",
            dependencies: [
                "CSystem", "CMessageDigest", "CommandSyntax", "ScanModel", "PoolScan", "Repair", "Store", "SQLite",
                "QED", "Files", "Assets",
            ],
            swiftSettings: settings),
        .target(name: "Lab", dependencies: ["QED", "Files", "CSystem"], swiftSettings: settings),
        .executableTarget(
            name: "qedlab", dependencies: ["CommandSyntax", "Lab", "Files"], swiftSettings: settings),

        // The tests.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .target(name: "NaiveCheck", path: "Tests/NaiveCheck", swiftSettings: settings),
        .target(
            name: "Corpus", dependencies: ["QED", "Lab", "NaiveCheck"], path: "Tests/Corpus",
            swiftSettings: settings),
        .target(name: "FaultShim", path: "Tests/FaultShim"),
        .testTarget(
            name: "AssetsTests", dependencies: ["Assets", "embed-assets", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "CommandSyntaxTests", dependencies: ["CommandSyntax", "Files", "TestSupport"], swiftSettings: settings
        ),
        .testTarget(
            name: "QEDTests", dependencies: ["QED", "Files", "Lab", "Corpus", "NaiveCheck", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "RepairTests",
            dependencies: ["Repair", "QED", "Files", "CSystem", "Lab", "Corpus", "NaiveCheck", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "LabTests", dependencies: ["Lab", "QED", "Files", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "StoreTests",
            dependencies: ["Store", "SQLite", "ScanModel", "Repair", "Assets", "Lab", "QED", "Files", "TestSupport"],
            exclude: ["Stores"], swiftSettings: settings),
        .testTarget(
            name: "PoolScanTests", dependencies: ["PoolScan", "ScanModel", "QED", "Files", "Lab", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "QedscanTests",
            dependencies: [
                "qedscan", "CommandSyntax", "QED", "Store", "SQLite", "Files", "Assets", "Lab", "Corpus", "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "PackagingTests", dependencies: ["qedscan", "CommandSyntax", "CSystem", "Lab", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "PeerTests",
            dependencies: [
                "qedscan", "QED", "Files", "ScanModel", "Repair", "Store", "SQLite", "Lab", "Corpus", "NaiveCheck",
                "TestSupport",
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "qedsoak", dependencies: ["Lab", "QED", "Files", "TestSupport"], path: "Tests/Soak",
            swiftSettings: settings),
        .testTarget(
            name: "SoakTests", dependencies: ["qedsoak", "qedscan", "Lab", "TestSupport"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

// For `make fuzz`, which sets it: programs that libFuzzer drives. All that they fuzz counts what it runs, and the program
// leaves `main` to libFuzzer.
if Context.environment["QEDSCAN_FUZZ"] != nil {
    let instrumented: SwiftSetting = .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])
    for target in package.targets where target.name != "embed-assets" { target.swiftSettings?.append(instrumented) }
    let dependencies = package.targets.first { $0.name == "qedscan" }?.dependencies ?? []
    package.products.removeAll { $0.name == "qedscan" }
    package.targets.removeAll { $0.name == "qedscan" }
    package.targets += [
        .target(
            name: "qedscan", dependencies: dependencies, exclude: ["main.swift"],
            swiftSettings: settings + [instrumented]),
        .target(name: "CFuzzer", path: "Fuzz/CFuzzer"),
        .target(
            name: "FuzzDriver", dependencies: ["CFuzzer", "QED", "Files", "Repair"], path: "Fuzz/Driver",
            swiftSettings: settings
        ),
    ]
    let fuzzed: [(name: String, dependencies: [Target.Dependency])] = [
        ("header", ["QED"]), ("tables", ["QED"]), ("image", ["QED"]),
        ("backing", ["QED", "PoolScan", "CommandSyntax", "Store"]),
        ("command-line", ["qedscan", "CommandSyntax", "Store", "SQLite"]), ("store", ["Store", "SQLite", "Repair"]),
    ]
    for (name, dependencies) in fuzzed {
        package.targets.append(
            .executableTarget(
                name: "fuzz-\(name)", dependencies: ["FuzzDriver"] + dependencies, path: "Fuzz/\(name)",
                swiftSettings: settings + [instrumented],
                linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
    }
}
