import Assets
import Foundation
import TestSupport
import Testing

/// The embedded files equal those of the directories they come from.
struct EmbeddedFilesTests {
    @Test(arguments: [("migrations", Assets.migrations), ("reports", Assets.reports)])
    func everyFileIsEmbeddedByteForByte(directory: String, assets: [Asset]) throws {
        let url = Checkout.url(directory)
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path).filter { $0.hasSuffix(".sql") }
        #expect(!names.isEmpty)
        #expect(Set(assets.map(\.name)) == Set(names))
        for asset in assets {
            let bytes = try Data(contentsOf: url.appending(path: asset.name))
            #expect(Data(asset.text.utf8) == bytes, "\(asset.name) differs from the file")
        }
    }

    @Test(arguments: [Assets.migrations, Assets.reports])
    func assetsAreSortedByNameWithoutDuplicates(assets: [Asset]) {
        for (former, latter) in zip(assets, assets.dropFirst()) {
            #expect(former.name.utf8.lexicographicallyPrecedes(latter.name.utf8))
        }
    }
}
