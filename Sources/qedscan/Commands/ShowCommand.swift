import CommandSyntax
import QED
import ReportStore

/// `qedscan show IMAGE`
struct ShowCommand: Command {
    static let spec = CommandSpec(
        "show", summary: "show all that the store knows of one image",
        discussion: [
            "Prints the latest result, how bad the damage is, the findings, the backing files below the image and the "
                + "overlays that need it, a map of its clusters, and the history. The map is read from the image itself, "
                + "now and read-only, if that is as it was when it was checked.",
            "A letter of the map stands for a number of clusters and shows the worst of them: in the file S shared, "
                + "L leaked, P a partial last cluster, H header, 1 and 2 tables, D data, o data in a hole; in the "
                + "guest's disk X invalid, S shared, D allocated, 0 zero, . unallocated; ? what could not be read. L2 "
                + "tables show only where they are a hundredth of the clusters.",
            "As JSON it is one object with all of that; csv, markdown and html have the latest result alone.",
        ],
        options: [AnswerFormat.option] + mapOptions,
        operands: [OperandSpec("IMAGE", kind: .file, help: "the image's path")],
        examples: [
            .init(
                "qedscan show /var/lib/images/web.qed", "Shows its geometry, findings, backing files, map and history."),
            .init("qedscan show --svg web.svg /var/lib/images/web.qed", "Draws the map as well."),
        ])

    private let parsed: ParsedCommand
    private let path: RawPath
    private let format: AnswerFormat
    private let svgPath: RawPath?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        path = ImageName.resolve(RawPath(bytes: parsed.operand("IMAGE")?.bytes ?? []))
        format = try AnswerFormat(parsed)
        svgPath = parsed.value(of: "svg").map { RawPath(bytes: $0.bytes) }
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        let palette = try Palette(parsed)
        do throws(SQLiteError) {
            return try show(store.database, palette)
        } catch {
            Diagnostic.error(error.description)
            return .failed
        }
    }

    private func show(_ database: Database, _ palette: Palette) throws(SQLiteError) -> ExitStatus {
        guard let image = try ShownImage(path, node: Host.name, in: database) else {
            Diagnostic.error("\(PrintableText.escaping(path.bytes)): the store knows no such image on \(Host.name)")
            Diagnostic.hint("'qedscan scan' looks for images; 'qedscan check' checks one without the store")
            return .failed
        }
        let map = ShownMap(path: path, checked: image.checkedIdentity)
        switch format {
        case .table: try printText(image, map, palette)
        case .json, .jsonl: try printJSON(image, map)
        case .csv, .markdown, .html:
            var writer = format.writer(columns: image.columns, palette: palette)
            writer.write(image.values)
            writer.finish()
        }
        return svgPath.map { writeSVG(map, to: $0) } ?? .wellDone
    }

    /// One object, with the rows of each section as an array in it, and the totals of the map.
    private func printJSON(_ image: ShownImage, _ map: ShownMap) throws(SQLiteError) {
        var members = zip(image.columns, image.values).map { "\(JSON.string($0)): \(JSON.value($1))" }
        let assessment = image.assessment.rows.first.map { JSON.object(zip(image.assessment.columns, $0)) }
        members.append("\"assessment\": \(assessment ?? "null")")
        for section in [ShownSection.findings, .backingChain, .overlays, .history] {
            let answer = try image.rows(of: section)
            members.append("\(JSON.string(section.name)): \(JSON.array(answer.rows, columns: answer.columns))")
        }
        if !parsed.has("no-map") { members.append("\"map\": \(jsonMap(map))") }
        StandardOutput.writeLine("{" + members.joined(separator: ", ") + "}")
    }

    private func printText(_ image: ShownImage, _ map: ShownMap, _ palette: Palette) throws(SQLiteError) {
        for (column, value) in zip(image.columns, image.values) where value != .null {
            var text = TableWriter.text(value)
            if column.hasSuffix("_size"), case .integer(let count) = value, count >= 1024,
                !["table_size", "header_size"].contains(column)
            {
                text += " (\(ByteCount.text(count)))"
            }
            StandardOutput.writeLine(palette.bold(padded(column)) + text)
        }
        if !image.hasResult { StandardOutput.writeLine(palette.warning("it has not been checked yet")) }
        printAssessment(image.assessment, palette)
        for section in [ShownSection.findings, .backingChain, .overlays] { try print(section, of: image, palette) }
        if !parsed.has("no-map") { printMap(map, palette) }
        try print(.history, of: image, palette)
    }

    /// The grade, and the evidence as a sentence: the numbers are in it.
    private func printAssessment(_ assessment: ShownImage.Rows, _ palette: Palette) {
        guard let row = assessment.rows.first, row.count >= 2 else { return }
        StandardOutput.writeLine("\n" + palette.bold("assessment"))
        StandardOutput.writeLine("\(TableWriter.text(row[0])): \(TableWriter.text(row[1]))")
    }

    /// The section's table under its title; nothing if it has no rows.
    private func print(_ section: ShownSection, of image: ShownImage, _ palette: Palette) throws(SQLiteError) {
        let answer = try image.rows(of: section)
        guard !answer.rows.isEmpty else { return }
        StandardOutput.writeLine("\n" + palette.bold(section.title))
        var writer = TableWriter(columns: answer.columns, palette: palette, roundsBytes: false)
        for row in answer.rows { writer.write(row) }
        writer.finish()
    }

    private func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(22 - name.count, 1))
    }
}
