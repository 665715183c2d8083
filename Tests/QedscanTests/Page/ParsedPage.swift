import Foundation
import FoundationXML
import TestSupport
import Testing

/// The page as a program sees it: parsed as XML, which fails if it is not well-formed.
final class ParsedPage: NSObject, XMLParserDelegate {
    private(set) var elements: [(name: String, attributes: [String: String])] = []
    /// The text of the elements of a name, in order, without that of elements in them.
    private(set) var texts: [String: [String]] = [:]
    private var open: [(name: String, text: String)] = []

    init(_ page: String) throws {
        super.init()
        let parser = XMLParser(data: Data(page.utf8))
        parser.delegate = self
        try #require(parser.parse(), "line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "")")
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements.append((name, attributes))
        open.append((name, ""))
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        if !open.isEmpty { open[open.count - 1].text += string }
    }

    func parser(_ parser: XMLParser, foundCDATA block: Data) {
        if !open.isEmpty { open[open.count - 1].text += String(decoding: block, as: UTF8.self) }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        if let last = open.popLast() { texts[name, default: []].append(last.text) }
    }

    func elements(_ name: String) -> [[String: String]] { elements.filter { $0.name == name }.map(\.attributes) }

    /// What the script reads.
    func data() throws -> [String: Any] {
        let json = try #require(texts["script"]?.first)
        return try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    /// The headline figures by their titles.
    var figures: [String: String] {
        Dictionary(zip(texts["dt"] ?? [], texts["dd"] ?? []).map { ($0, $1) }, uniquingKeysWith: { $1 })
    }
}

extension ScanFixture {
    /// Makes the page, and gives its text.
    func page(_ options: String...) async throws -> String {
        let path = directory.file("page.html")
        let result = try await run(["report", "--html", path] + options)
        try #require(result.status == 0, "\(result.errors)")
        try #require(result.output == "" && result.errors == "", "\(result.output)\(result.errors)")
        return try String(contentsOfFile: path, encoding: .utf8)
    }
}
