import CommandSyntax
import Corpus
import Files
import Foundation
import Glibc
import Lab
import QED
import TestSupport
import Testing

@testable import qedscan

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// Maps as text and as SVG, of images that are known cluster by cluster.
@Suite struct MapDrawingTests {
    // MARK: - Text

    @Test func damagedImageGivesThisMap() throws {
        let usage = try usage("two neighbours share a cluster, 4K/1", cells: 68)
        #expect(
            ClusterMapText(usage: usage, columns: 80, palette: .plain).lines == [
                "file: 12 clusters of 4.0 KiB, 1 to a cell",
                "       0 B  H12SLDD2DDDD",
                "            S=shared 1  L=leaked 1  H=header 1  1=L1 table 1  2=L2 table 2",
                "            D=data 6",
                "guest: 1024 clusters of 4.0 KiB, 16 to a cell",
                "       0 B  S.................................D.................................",
                "            S=shared 1  D=allocated 7  .=unallocated 1016",
            ])
    }

    @Test func mapFollowsTheWidthOfTheTerminal() throws {
        for columns in [1, 20, 40, 80, 133, 1000] {
            let cells = ClusterMapText.cells(columns: columns)
            let usage = try usage("all clusters, shuffled", cells: cells.file)
            let lines = ClusterMapText(usage: usage, columns: columns, palette: .plain).lines
            if columns >= 40 { #expect(lines.allSatisfy { $0.count <= max(columns, 80) }) }
            let letters = lines.filter { $0.hasPrefix(" ") && !$0.contains("=") }.map { $0.dropFirst(12) }
            #expect(letters.allSatisfy { $0.count <= max(columns - 12, 8) })
            #expect(letters.joined().count == usage.file.cells.count + usage.guest.cells.count)
        }
    }

    @Test func coloursAddNothingButColours() throws {
        let usage = try usage("entry lost in the middle, 4K/1", cells: 68)
        let plain = ClusterMapText(usage: usage, columns: 80, palette: .plain).lines
        let coloured = ClusterMapText(usage: usage, columns: 80, palette: Palette(isOn: true)).lines
        #expect(coloured != plain)
        #expect(coloured.map { $0.replacing(/\u{1B}\[[0-9]*m/, with: "") } == plain)
    }

    @Test func lettersTellUsesApart() {
        #expect(Set(FileUse.allCases.map(\.letter)).count == FileUse.allCases.count)
        #expect(Set(GuestUse.allCases.map(\.letter)).count == GuestUse.allCases.count)
    }

    @Test func invalidEntriesAreCountedBesideTheMap() throws {
        let usage = try usage("two neighbours share a cluster, 4K/1", cells: 1) {
            try $0.writeL2(123, at: 9, of: 0)
            try $0.writeL1(77, at: 5)
        }
        let lines = ClusterMapText(usage: usage, columns: 80, palette: .plain).lines
        #expect(lines.last == "invalid entries: 1 in the L1 table, 1 in L2 tables")
    }

    // MARK: - SVG

    @Test(arguments: CorpusCase.all)
    func svgIsWellFormedAndHasEachCellOnce(_ corpusCase: CorpusCase) throws {
        guard let usage = try? usage(corpusCase, cells: 80) else { return }
        let map = ClusterMapSVG(usage: usage, name: corpusCase.name)
        let document = try SVGReader.read(map.text(.document))
        #expect(document.cellTitles.count == usage.file.cells.count + usage.guest.cells.count)
        #expect(document.title == corpusCase.name)
        #expect(document.styleCount == 1)
        #expect(document.attributeNames.isDisjoint(with: ["id", "href", "xlink:href", "src", "onload", "style"]))
        #expect(document.elementNames == ["svg", "title", "style", "rect", "text"])

        let embedded = try SVGReader.read(map.text(.embedded))
        #expect(embedded.cellTitles == document.cellTitles)
        #expect(embedded.styleCount == 0)
        #expect(map.text(.embedded).hasPrefix("<svg "))
    }

    @Test func everyClassOfTheMapHasAStyle() throws {
        let uses = FileUse.allCases.map(\.slug) + GuestUse.allCases.map(\.slug)
        for use in uses {
            let name = ".qm-" + use.replacing("_", with: "-")
            #expect(
                ClusterMapStyle.text.ranges(of: name + "{").count + ClusterMapStyle.text.ranges(of: name + ",").count
                    >= 2)
        }
        #expect(!ClusterMapStyle.text.contains("url(") && !ClusterMapStyle.text.contains("@import"))
        #expect(!ClusterMapStyle.text.contains("<") && !ClusterMapStyle.text.contains("&"))
    }

    @Test func tooltipsSayWhatIsInACell() throws {
        let usage = try usage("two neighbours share a cluster, 4K/1", cells: 3)
        let svg = try SVGReader.read(ClusterMapSVG(usage: usage, name: "x").text(.document))
        #expect(
            svg.cellTitles == [
                "clusters 0-3, from byte 0: shared 1, header 1, L1 table 1, L2 table 1",
                "clusters 4-7, from byte 16384: leaked 1, L2 table 1, data 2",
                "clusters 8-11, from byte 32768: data 4",
                "guest clusters 0-340, from byte 0: shared 1, allocated 3, unallocated 337",
                "guest clusters 341-681, from byte 1396736: allocated 4, unallocated 337",
                "guest clusters 682-1023, from byte 2793472: unallocated 342",
            ])
    }

    @Test(arguments: [
        "<script>alert(1)</script>", "a&b\"c'd>", "]]>", "\u{0}\u{1}\u{1B}[31m\n\r\t", "\u{FFFE}\u{FFFF}\u{1FFFF}",
        "\u{85}\u{9B}\u{7F}", "日本語 👩‍👩‍👧‍👦 e\u{301}", String(repeating: "日本/", count: 400), "",
    ])
    func hostileNamesKeepTheSVGWellFormed(_ name: String) throws {
        let usage = try usage("sound, 4K/1", cells: 4)
        // Escaped as `show` does it, and not escaped at all.
        for name in [PrintableText.escaping(name), name] {
            let svg = try SVGReader.read(ClusterMapSVG(usage: usage, name: name).text(.document))
            #expect(svg.elementNames == ["svg", "title", "style", "rect", "text"])
            #expect(svg.styleCount == 1)
        }
        #expect(
            try SVGReader.read(ClusterMapSVG(usage: usage, name: PrintableText.escaping(name)).text(.document)).title
                == PrintableText.escaping(name))
    }

    @Test func gridHoldsAtMost4000Cells() throws {
        let usage = try usage("all clusters, shuffled", cells: 4000)
        let cells = ClusterMapSVG.cells
        #expect(cells.file + cells.guest <= 4000)
        let svg = ClusterMapSVG(usage: usage, name: "x").text(.document)
        #expect(svg.utf8.count < 700_000)
    }

    // MARK: - Helpers

    private func usage(
        _ name: String, cells: Int, _ change: (ImageEditor) throws -> Void = { _ in }
    ) throws -> ClusterUsage {
        try usage(try #require(CorpusCase.all.first { $0.name == name }, "no case '\(name)'"), cells: cells, change)
    }

    private func usage(
        _ corpusCase: CorpusCase, cells: Int, _ change: (ImageEditor) throws -> Void = { _ in }
    ) throws -> ClusterUsage {
        let scratch = try TemporaryDirectory()
        try corpusCase.write(to: scratch.file())
        try change(ImageEditor(path: scratch.file()))
        // All of it on disk: whether data lies in holes depends on the file system.
        return try ClusterUsage.read(WithoutHoles(try ImageFile(path: RawPath(scratch.file()))), cellCount: cells)
    }
}

/// A file as if it had no holes.
private struct WithoutHoles: ImageSource {
    private let file: ImageFile

    init(_ file: ImageFile) { self.file = file }

    var size: UInt64 { file.size }
    var diskSize: UInt64 { file.size }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: ByteOffset) throws(SystemError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func nextData(from offset: ByteOffset) throws(SystemError) -> Range<UInt64>? { offset.rawValue..<UInt64.max }
}

/// What a strict parser makes of an SVG.
private final class SVGReader: NSObject, XMLParserDelegate {
    private(set) var elementNames: Set<String> = []
    private(set) var attributeNames: Set<String> = []
    private(set) var styleCount = 0
    /// Of the whole.
    private(set) var title = ""
    private(set) var cellTitles: [String] = []
    private var path: [String] = []

    static func read(_ text: String) throws -> SVGReader {
        let reader = SVGReader()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = reader
        let isWellFormed = parser.parse()
        try #require(isWellFormed, "\(parser.parserError.map { "\($0)" } ?? "") line \(parser.lineNumber)")
        return reader
    }

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elementNames.insert(elementName)
        attributeNames.formUnion(attributes.keys)
        path.append(elementName)
        if elementName == "style" { styleCount += 1 }
        if path == ["svg", "rect", "title"] { cellTitles.append("") }
    }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
    ) { path.removeLast() }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if path == ["svg", "title"] { title += string }
        if path == ["svg", "rect", "title"] { cellTitles[cellTitles.count - 1] += string }
    }
}
