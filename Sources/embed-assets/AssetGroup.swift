/// The files of one directory, which become one static list.
struct AssetGroup {
    let name: String
    private(set) var files: [(name: String, text: String)] = []

    init(name: String) {
        self.name = name
    }

    mutating func add(path: String) throws(EmbedError) {
        let fileName = path.split(separator: "/").last.map(String.init) ?? path
        guard !files.contains(where: { $0.name == fileName }) else { throw .duplicate(name: fileName, group: name) }
        files.append((fileName, try TextFile.read(path)))
    }

    /// The list as Swift source, sorted by the names' bytes, so that the locale does not matter.
    var source: String {
        let sorted = files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let elements = sorted.map { "        Asset(name: \(literal($0.name)), text: \(literal($0.text))),\n" }
        return """
            extension Assets {
                /// The files of `\(name)/`, sorted by name.
                package static let \(name): [Asset] = [
            \(elements.joined())    ]
            }

            """
    }
}
