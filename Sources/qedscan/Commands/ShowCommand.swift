import CommandSyntax
import QED
import ReportStore

/// `qedscan show IMAGE`
struct ShowCommand: Command {
    static let spec = CommandSpec(
        "show", summary: "show all that the store knows of one image",
        discussion: [
            "Prints the latest result, the findings, the history, and a map of the image's clusters. The map is read "
                + "from the image itself, now and read-only, if that is as it was when it was checked.",
            "A letter of the map stands for a number of clusters and shows the worst of them: in the file S shared, "
                + "L leaked, P a partial last cluster, H header, 1 and 2 tables, D data, o data in a hole; in the "
                + "guest's disk X invalid, S shared, D allocated, 0 zero, . unallocated; ? what could not be read. L2 "
                + "tables show only where they are a hundredth of the clusters.",
        ],
        options: [RowFormat.option] + mapOptions,
        operands: [OperandSpec("IMAGE", kind: .file, help: "the image's path")],
        examples: [
            .init("qedscan show /var/lib/images/web.qed", "Shows its geometry, findings, history and map."),
            .init("qedscan show --svg web.svg /var/lib/images/web.qed", "Draws the map as well."),
        ])

    private let parsed: ParsedCommand
    private let path: RawPath
    private let format: RowFormat
    private let svgPath: RawPath?

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.parsed = parsed
        path = ImageName.resolve(RawPath(bytes: parsed.operand("IMAGE")?.bytes ?? []))
        format = try RowFormat(parsed)
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
        let latest = try rows(of: ShowCommand.latestSQL, in: database)
        guard let image = latest.rows.first else {
            Diagnostic.error("\(PrintableText.escaping(path.bytes)): the store knows no such image on \(Host.name)")
            Diagnostic.hint("'qedscan scan' looks for images; 'qedscan check' checks one without the store")
            return .failed
        }
        let map = ShownMap(path: path, checked: try checkedIdentity(in: database))
        switch format {
        case .table:
            try printText(latest.columns, image, database, palette)
            if !parsed.has("no-map") { printMap(map, palette) }
            try section("history", ShowCommand.historySQL, in: database, palette)
        case .csv:
            var writer = CSVWriter(columns: latest.columns)
            writer.write(image)
        case .json, .jsonl: try printJSON(latest.columns, image, database, map)
        }
        return svgPath.map { writeSVG(map, to: $0) } ?? .wellDone
    }

    /// The image's file as it was at the latest check.
    private func checkedIdentity(in database: Database) throws(SQLiteError) -> FileIdentity {
        let row = try rows(of: ShowCommand.identitySQL, in: database).rows.first ?? []
        let numbers = row.map { value in if case .integer(let number) = value { number } else { 0 as Int64 } }
        guard numbers.count == 5 else {
            return FileIdentity(device: 0, inode: 0, size: 0, modificationTime: 0, changeTime: 0)
        }
        // Device and inode numbers are 64-bit patterns in the store.
        return FileIdentity(
            device: UInt64(bitPattern: numbers[0]), inode: UInt64(bitPattern: numbers[1]),
            size: UInt64(max(numbers[2], 0)), modificationTime: numbers[3], changeTime: numbers[4])
    }

    /// One object, with the findings and the history as arrays in it, and the totals of the map.
    private func printJSON(
        _ columns: [String], _ image: [SQLiteValue], _ database: Database, _ map: ShownMap
    ) throws(SQLiteError) {
        let findings = try rows(of: ShowCommand.findingsSQL, in: database)
        let history = try rows(of: ShowCommand.historySQL, in: database)
        let members =
            zip(columns, image).map { "\(JSON.string($0)): \(JSON.value($1))" } + [
                "\"findings\": \(JSON.array(findings.rows, columns: findings.columns))",
                "\"history\": \(JSON.array(history.rows, columns: history.columns))",
            ] + (parsed.has("no-map") ? [] : ["\"map\": \(jsonMap(map))"])
        StandardOutput.writeLine("{" + members.joined(separator: ", ") + "}")
    }

    private func printText(
        _ columns: [String], _ image: [SQLiteValue], _ database: Database, _ palette: Palette
    ) throws(SQLiteError) {
        for (column, value) in zip(columns, image) where value != .null {
            var text = TableWriter.text(value)
            if column.hasSuffix("_size"), case .integer(let count) = value, count >= 1024,
                !["table_size", "header_size"].contains(column)
            {
                text += " (\(ByteCount.text(count)))"
            }
            StandardOutput.writeLine(palette.bold(padded(column)) + text)
        }
        try section("findings", ShowCommand.findingsSQL, in: database, palette)
    }

    private func section(
        _ title: String, _ sql: String, in database: Database, _ palette: Palette
    ) throws(SQLiteError) {
        let (columns, rows) = try rows(of: sql, in: database)
        guard !rows.isEmpty else { return }
        StandardOutput.writeLine("\n" + palette.bold(title))
        var writer = TableWriter(columns: columns, palette: palette, roundsBytes: false)
        for row in rows { writer.write(row) }
        writer.finish()
    }

    private func rows(
        of sql: String, in database: Database
    ) throws(SQLiteError) -> (columns: [String], rows: [[SQLiteValue]]) {
        let statement = try database.prepare(sql)
        try statement.bind(Host.name, path.text, path.isText ? [] : path.bytes)
        var rows: [[SQLiteValue]] = []
        while try statement.step() { rows.append(try statement.row()) }
        return (statement.columnNames, rows)
    }

    private func padded(_ name: String) -> String {
        name + String(repeating: " ", count: max(22 - name.count, 1))
    }

    private static let imageSQL =
        "SELECT id FROM image WHERE host = ?1 AND path = ?2 AND ifnull(path_bytes, x'') = ?3"

    private static let latestSQL = "SELECT * FROM latest_check WHERE image_id = (\(imageSQL))"

    private static let identitySQL = """
        SELECT device, inode, file_size, mtime_ns, ctime_ns FROM check_result
        WHERE id = (SELECT max(id) FROM check_result WHERE image_id = (\(imageSQL)))
        """

    private static let findingsSQL = """
        SELECT
            kind, severity, l1_index AS l1, l2_index AS l2,
            iif(entry_value IS NULL, NULL, format('0x%llx', entry_value)) AS entry, file_offset,
            cluster_count AS count, guest_offset, guest_length, other_l1_index AS other_l1,
            other_l2_index AS other_l2, nullif(suppressed_count, 0) AS suppressed, message
        FROM finding JOIN finding_kind ON slug = kind
        WHERE check_result_id = (SELECT max(id) FROM check_result WHERE image_id = (\(imageSQL)))
        ORDER BY number
        """

    private static let historySQL = """
        SELECT checked_at, scan_id AS scan, outcome, dirty, corruptions, leaks, file_size, message
        FROM check_result
        WHERE image_id = (\(imageSQL))
        ORDER BY id DESC
        LIMIT 20
        """
}
