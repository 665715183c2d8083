import CommandSyntax
import Files
import SQLite
import Store

/// `qedscan show [--host HOST] IMAGE`
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
            "Without --host it is an image of this machine or of a pool that it scans, else that of the only host in the store "
                + "which has the path.",
            "As JSON it is one object with all of that; csv, markdown and html have the latest result alone.",
        ],
        options: [
            AnswerFormat.option,
            OptionSpec("host", value: "HOST", help: "the machine that the image is on, or 'pool:' and a pool's name"),
        ] + mapOptions,
        operands: [OperandSpec("IMAGE", kind: .file, help: "the image's path")],
        examples: [
            .init(
                "qedscan show /var/lib/images/web.qed", "Shows its geometry, findings, backing files, map and history."),
            .init("qedscan show --svg web.svg /var/lib/images/web.qed", "Draws the map as well."),
            .init(
                "qedscan show --db all.db --host pool:vm /srv/vm/web.qed",
                "Shows an image of a pool, by a merged store."),
        ])

    private let parsed: ParsedCommand
    private let path: RawPath
    private let host: String?
    private let format: AnswerFormat
    private let svgPath: RawPath?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        path = RawPath(bytes: parsed.operand("IMAGE")?.bytes ?? [])
        host = parsed.value(of: "host")?.text
        format = try AnswerFormat(parsed)
        svgPath = parsed.value(of: "svg").map { RawPath(bytes: $0.bytes) }
    }

    func run() throws(UsageError) -> ExitStatus {
        guard let store = try StoreLocation.openToRead(parsed) else { return .failed }
        let palette = try Palette(parsed)
        do throws(StoreError) {
            return try show(store, palette)
        } catch {
            Diagnostic.error(error.description)
            return .failed
        }
    }

    private func show(_ store: ScanStore, _ palette: Palette) throws(StoreError) -> ExitStatus {
        let id: Int64
        switch try ImageSearch(path, resolved: ImageName.resolve(path), node: Host.name, host: host).answer(in: store) {
        case .found(let found): id = found
        case .unknown: return refuseUnknown()
        case .several(let hosts):
            let names = hosts.map { PrintableText.escaping($0, doublingBackslashes: false) }.joined(separator: ", ")
            Diagnostic.error("\(PrintableText.escaping(path.bytes)): \(hosts.count) hosts have such an image: \(names)")
            Diagnostic.hint("name one of them with --host")
            return .failed
        }
        let image = try ImageDetails(id, in: store)
        let map = ShownMap(
            path: image.path, checked: image.checkedIdentity, host: image.host, checkedBy: image.checkedBy)
        switch format {
        case .table: try printText(image, map, palette)
        case .json, .jsonl: try printJSON(image, map)
        case .csv, .markdown, .html:
            var writer = format.writer(columns: image.columns, palette: palette)
            writer.write(image.values)
            writer.finish()
        }
        return svgPath.map { writeSVG(map, to: $0) } ?? .success
    }

    private func refuseUnknown() -> ExitStatus {
        let name = PrintableText.escaping(path.bytes)
        if let host {
            let owner = PrintableText.escaping(Pool.describe(host: host))
            Diagnostic.error("\(name): the store knows no such image of \(owner)")
            Diagnostic.hint("'qedscan report hosts' lists the hosts and pools of the store")
        } else {
            Diagnostic.error("\(name): the store knows no such image on \(Host.name)")
            Diagnostic.hint("'qedscan scan' looks for images; 'qedscan check' checks one without the store")
        }
        return .failed
    }

    /// One object, with the rows of each section as an array in it, and the totals of the map.
    private func printJSON(_ image: ImageDetails, _ map: ShownMap) throws(StoreError) {
        var members = zip(image.columns, image.values).map { "\(JSON.string($0)): \(JSON.value($1))" }
        let assessment = image.assessment.rows.first.map { JSON.object(zip(image.assessment.columns, $0)) }
        members.append("\"assessment\": \(assessment ?? "null")")
        for section in [ImageDetails.Section.findings, .backingChain, .overlays, .history] {
            let answer = try image.rows(of: section)
            members.append("\(JSON.string(section.rawValue)): \(JSON.array(answer.rows, columns: answer.columns))")
        }
        if !parsed.has("no-map") { members.append("\"map\": \(jsonMap(map))") }
        StandardOutput.writeLine("{" + members.joined(separator: ", ") + "}")
    }

    private func printText(_ image: ImageDetails, _ map: ShownMap, _ palette: Palette) throws(StoreError) {
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
        for section in [ImageDetails.Section.findings, .backingChain, .overlays] {
            try print(section, of: image, palette)
        }
        if !parsed.has("no-map") { printMap(map, palette) }
        try print(.history, of: image, palette)
    }

    /// The grade, and the evidence as a sentence: the numbers are in it.
    private func printAssessment(_ assessment: ImageDetails.Rows, _ palette: Palette) {
        guard let row = assessment.rows.first, row.count >= 2 else { return }
        StandardOutput.writeLine("\n" + palette.bold("assessment"))
        StandardOutput.writeLine("\(TableWriter.text(row[0])): \(TableWriter.text(row[1]))")
    }

    /// The section's table under its title; nothing if it has no rows.
    private func print(_ section: ImageDetails.Section, of image: ImageDetails, _ palette: Palette) throws(StoreError) {
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
