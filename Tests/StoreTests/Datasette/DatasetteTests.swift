import Files
import Foundation
import SQLite
import ScanModel
import TestSupport
import Testing

@testable import QED
@testable import Store

/// What `contrib/datasette/metadata.json` tells Datasette is what the reports and the migrations say.
///
/// QEDSCAN_WRITE_GOLDEN=1 writes the file again, as `make datasette` does.
@Suite struct DatasetteTests {
    private static let file = Checkout.url("contrib/datasette/metadata.json")
    private let fixture: StoreFixture

    init() throws {
        fixture = try StoreFixture()
        for number in 0..<3 {
            try fixture.scan { writer in
                for image in 0..<(25 + number) {
                    writer.write(CheckedImage(RawPath("/pool/\(image)"), .sample(), inode: UInt64(image)))
                }
            }
        }
    }

    @Test func theFileIsThatOfTheReportsAndTheMigrations() throws {
        let data = try DatasetteMetadata(fixture).json()
        if ProcessInfo.processInfo.environment["QEDSCAN_WRITE_GOLDEN"] == "1" {
            try data.write(to: DatasetteTests.file)
        }
        #expect(try Data(contentsOf: DatasetteTests.file) == data, "run 'make datasette', and read the difference")
    }

    @Test func everyTableAndViewIsDescribedWithColumnsThatItHas() throws {
        let json = try #require(
            try JSONSerialization.jsonObject(with: DatasetteMetadata(fixture).json()) as? [String: Any])
        let databases = try #require(json["databases"] as? [String: [String: Any]])
        let tables = try #require(databases["qedscan"]?["tables"] as? [String: [String: Any]])
        let hidden = tables.filter { $0.value["hidden"] != nil }.keys
        #expect(Set(hidden) == ["schema_migration"])
        for (name, table) in tables where table["hidden"] == nil {
            let columns = try #require(table["columns"] as? [String: String])
            let known = try fixture.lines("SELECT name FROM pragma_table_xinfo('\(name)')")
            #expect(Set(columns.keys).isSubset(of: known), "\(name)")
            #expect((table["description"] as? String)?.isEmpty == false, "\(name)")
        }
    }

    @Test(arguments: Report.all.map(\.name)) func aCannedQueryTakesItsDefaultsForEmptyTexts(_ name: String) throws {
        let report = try #require(Report.named(name))
        let empty = Dictionary(uniqueKeysWithValues: report.parameters.map { (":" + $0.name, SQLiteValue.text("")) })
        #expect(try fixture.lines(DatasetteMetadata.sql(of: report), empty) == fixture.lines(report))
        // As texts, that is how Datasette has them.
        for value in ["0", "1", "2", "1000"] {
            let texts = empty.mapValues { _ in SQLiteValue.text(value) }
            let numbers = Dictionary(uniqueKeysWithValues: report.parameters.map { ($0.name, Int64(value) ?? -1) })
            #expect(
                try fixture.lines(DatasetteMetadata.sql(of: report), texts) == fixture.lines(report, numbers),
                "\(value)")
        }
    }
}
