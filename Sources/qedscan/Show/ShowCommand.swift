import CommandSyntax
import Files
import QED
import SQLite
import Store

/// `qedscan show [--host HOST] IMAGE`
struct ShowCommand: Command {
    static let spec = CommandSpec(
        "show", summary: "show everything about one image",
        discussion: [
            "Prints what the store has about the image: the latest result, how bad the damage is, the findings, its "
                + "backing files, the overlays that depend on it, and the history. Also prints a map of its clusters, "
                + "for which it reads the image. There is no map if the image is in use or has changed since it was "
                + "checked.",
            "Each letter of the map stands for several clusters and shows the worst of them. Letters for the file: S "
                + "shared, L leaked, P partial last cluster, H header, 1 L1 table, 2 L2 table, D data, o data cluster "
                + "in a hole of the file. Letters for the guest's disk: X invalid, S shared, D allocated, 0 zero, '.' "
                + "unallocated. In both maps, ? means not readable. L2 tables are ignored where they are less than 1% "
                + "of the clusters.",
            "Without --host, IMAGE is looked up on this machine and in the pools that it scans, then on all other "
                + "hosts in the store. If several hosts have this path, choose one with --host.",
            "With --format json, prints one object with everything; csv, markdown and html contain only the latest result.",
        ],
        options: [
            AnswerFormat.option,
            OptionSpec(
                "host", value: "HOST",
                help: "host of the image, or pool:NAME for a pool that several machines scan"),
        ] + ShowCommand.mapOptions,
        operands: [OperandSpec("IMAGE", kind: .file, help: "path of the image")],
        examples: [
            .init(
                "qedscan show /var/lib/images/web.qed",
                "Shows the image's geometry, findings, backing files, map and history."),
            .init("qedscan show --svg web.svg /var/lib/images/web.qed", "Also draws the map."),
            .init(
                "qedscan show --db all.db --host pool:vm /srv/vm/web.qed",
                "Shows an image of a pool from a merged store."),
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
        return ExitStatus.reporting { () throws(StoreError) in try show(store, palette) }
    }

    private func show(_ store: ScanStore, _ palette: Palette) throws(StoreError) -> ExitStatus {
        let id: Int64
        switch try ImageSearch(path, resolved: ImageName.resolve(path), node: Host.name, host: host).answer(in: store) {
        case .found(let found): id = found
        case .unknown: return refuseUnknown()
        case .several(let hosts):
            let names = hosts.map { PrintableText.escaping($0, doublingBackslashes: false) }.joined(separator: ", ")
            Diagnostic.error(
                "\(PrintableText.escaping(path.bytes)): \(hosts.count) hosts have an image with this path: \(names)")
            Diagnostic.hint("choose one of them with --host")
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
            Diagnostic.error("\(name): the store has no such image of \(owner)")
            Diagnostic.hint("'qedscan report hosts' lists the hosts and pools in the store")
        } else {
            Diagnostic.error("\(name): the store has no such image on \(Host.name)")
            Diagnostic.hint("scan it with 'qedscan scan', or check it without the store with 'qedscan check'")
        }
        return .failed
    }

    /// Prints one object: the latest result, an array of rows for each section, and the totals of the map.
    private func printJSON(_ image: ImageDetails, _ map: ShownMap) throws(StoreError) {
        var members = zip(image.columns, image.values.map { JSON($0) }).map { ($0, $1) }
        members.append(
            ("assessment", image.assessment.rows.first.map { .object(image.assessment.columns, $0) } ?? .null))
        for section in [ImageDetails.Section.findings, .backingChain, .overlays, .history] {
            let answer = try image.rows(of: section)
            members.append((section.rawValue, .array(answer.rows.map { .object(answer.columns, $0) })))
        }
        if !parsed.has("no-map") { members.append(("map", jsonMap(map))) }
        StandardOutput.writeLine(JSON.object(members).text)
    }

    private func printText(_ image: ImageDetails, _ map: ShownMap, _ palette: Palette) throws(StoreError) {
        for (column, value) in zip(image.columns, image.values) where value != .null {
            var text = TableWriter.text(value)
            if column.hasSuffix("_size"), case .integer(let count) = value, count >= 1024,
                !["table_size", "header_size"].contains(column)
            {
                text += " (\(ByteCount.text(count)))"
            }
            StandardOutput.writeLine(palette.bold(column.padded(to: 22)) + text)
        }
        if !image.hasResult { StandardOutput.writeLine(palette.warning("not checked yet")) }
        printAssessment(image.assessment, palette)
        for section in [ImageDetails.Section.findings, .backingChain, .overlays] {
            try print(section, of: image, palette)
        }
        if !parsed.has("no-map") { printMap(map, palette) }
        try print(.history, of: image, palette)
    }

    /// Prints the grade and the evidence for it.
    private func printAssessment(_ assessment: ImageDetails.Rows, _ palette: Palette) {
        guard let row = assessment.rows.first, row.count >= 2 else { return }
        StandardOutput.writeLine("\n" + palette.bold("assessment"))
        StandardOutput.writeLine("\(TableWriter.text(row[0])): \(TableWriter.text(row[1]))")
    }

    /// Prints the section's table under its title; nothing if it has no rows.
    private func print(_ section: ImageDetails.Section, of image: ImageDetails, _ palette: Palette) throws(StoreError) {
        let answer = try image.rows(of: section)
        guard !answer.rows.isEmpty else { return }
        StandardOutput.writeLine("\n" + palette.bold(section.title))
        var writer = TableWriter(columns: answer.columns, palette: palette, roundsBytes: false)
        for row in answer.rows { writer.write(row) }
        writer.finish()
    }

    // MARK: - The map

    private static let mapOptions = [
        OptionSpec("no-map", help: "print no map of clusters, and do not open the image"),
        OptionSpec("svg", value: "FILE", kind: .file, help: "also write the map of clusters to this file, as SVG"),
    ]

    /// Prints the map, or why there is none.
    private func printMap(_ map: ShownMap, _ palette: Palette) {
        StandardOutput.writeLine("\n" + palette.bold("map"))
        let columns = StandardOutput.columns
        let cells = ClusterMapText.cells(columns: columns)
        do throws(MapRefusal) {
            let usage = try map.read(fileCells: cells.file, guestCells: cells.guest)
            let text = ClusterMapText(usage: usage, columns: columns, palette: palette)
            for line in text.lines { StandardOutput.writeLine(line) }
        } catch {
            StandardOutput.writeLine("no map: \(error.reason)")
        }
    }

    /// The map's totals as JSON.
    private func jsonMap(_ map: ShownMap) -> JSON {
        do throws(MapRefusal) {
            return ClusterMapJSON.object(try map.read(fileCells: 1, guestCells: 1))
        } catch {
            return ClusterMapJSON.object(unavailable: error.reason)
        }
    }

    /// Writes the map as an SVG.
    private func writeSVG(_ map: ShownMap, to path: RawPath) -> ExitStatus {
        let file = PrintableText.escaping(path.bytes)
        let usage: ClusterUsage
        do throws(MapRefusal) {
            usage = try map.read(fileCells: ClusterMapSVG.cells.file, guestCells: ClusterMapSVG.cells.guest)
        } catch {
            Diagnostic.error("\(file): not written, since there is no map: \(error.reason)")
            return .failed
        }
        do throws(SystemError) {
            let svg = ClusterMapSVG(usage: usage, name: PrintableText.escaping(map.path.bytes))
            try OutputFile.write(svg.text(.document), to: path)
            return .success
        } catch {
            Diagnostic.error("\(file): \(error)")
            return .failed
        }
    }
}

extension ImageDetails.Section {
    /// Above its table.
    var title: String {
        switch self {
        case .findings: "findings"
        case .backingChain: "backing chain"
        case .overlays: "overlays"
        case .history: "history"
        }
    }
}
