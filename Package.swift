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
        .target(name: "CSystem"),
        .target(name: "QED", dependencies: ["CSystem"], swiftSettings: settings),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .executableTarget(name: "embed-assets", swiftSettings: settings),
        .plugin(name: "EmbedAssets", capability: .buildTool(), dependencies: ["embed-assets"]),
        .target(name: "Assets", swiftSettings: settings, plugins: ["EmbedAssets"]),
        .target(
            name: "ReportStore", dependencies: ["QED", "CSQLite", "CSystem", "Assets"], swiftSettings: settings),
        .target(name: "CommandSyntax", swiftSettings: settings),
        .executableTarget(
            name: "qedscan", dependencies: ["CSystem", "CommandSyntax", "PoolScan", "ReportStore", "QED"],
            swiftSettings: settings),
        .target(name: "PoolScan", dependencies: ["QED", "CSystem"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
