import Assets

/// What the comments of the migrations say of tables, views and their columns.
struct SchemaComments {
    /// Of tables and views: the comment right before the statement, its paragraphs as lines.
    private(set) var objects: [String: String] = [:]
    /// Of the columns of tables: the comment after the column, or before the statement that adds it.
    private(set) var columns: [String: [String: String]] = [:]

    private var table: String?
    private var column: String?
    /// The comment that nothing followed yet.
    private var pending: [Substring] = []

    init(_ migrations: [Asset]) {
        for migration in migrations {
            pending = []
            for line in migration.text.split(separator: "\n", omittingEmptySubsequences: false) { read(line) }
        }
    }

    private mutating func read(_ line: Substring) {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "(" })
        if line.hasPrefix("CREATE TABLE") || line.hasPrefix("CREATE VIEW") {
            objects[String(words[2])] = SchemaComments.text(pending)
            table = line.hasPrefix("CREATE TABLE") ? String(words[2]) : nil
            pending = []
        } else if line.hasPrefix("ALTER TABLE") {
            columns[String(words[2]), default: [:]][String(words[5])] = SchemaComments.text(pending)
        } else if line.hasPrefix("--") {
            pending.append(line.drop { $0 == "-" }.drop { $0 == " " })
        } else if line.hasPrefix(")") {
            table = nil
        } else if line.allSatisfy(\.isWhitespace) {
            (pending, column) = ([], nil)
        } else if let table {
            readColumn(line, of: table)
        }
    }

    private mutating func readColumn(_ line: Substring, of table: String) {
        let comment = line.firstRange(of: "--").map { line[$0.upperBound...].drop { $0 == " " } }
        let name = line.dropFirst(4).prefix { $0.isLowercase || $0.isNumber || $0 == "_" }
        guard !name.isEmpty else { return }
        defer { column = String(name) }
        if let column, let comment, comment.hasPrefix("("), let above = columns[table]?[column] {
            // The rest of a sentence about both.
            columns[table]?[column] = above + " " + comment
            columns[table]?[String(name)] = above + " " + comment
            return
        }
        if let comment { columns[table, default: [:]][String(name)] = String(comment) }
    }

    /// Lines of a paragraph become one.
    private static func text(_ lines: [Substring]) -> String {
        lines.split(omittingEmptySubsequences: true, whereSeparator: \.isEmpty)
            .map { $0.joined(separator: " ") }.joined(separator: "\n")
    }
}
