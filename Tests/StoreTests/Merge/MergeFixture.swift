import Foundation

@testable import Store

extension StoreFixture {
    /// Merges stores into this one.
    @discardableResult
    func merge(_ inputs: [StoreFixture]) throws -> [MergeCounts] {
        try ScanStore.use(path: path) { store throws(StoreError) in
            let merge = try StoreMerge(into: store)
            var counts: [MergeCounts] = []
            for input in inputs { counts.append(try merge.add(MergeInput(input.path, target: path))) }
            try merge.finish()
            return counts
        }
    }

    func copy() throws -> StoreFixture {
        let copy = try StoreFixture()
        try FileManager.default.copyItem(atPath: path, toPath: copy.path)
        return copy
    }

    /// All that the store says, without the IDs of its rows: a scan is named by its UUID, an image by its host and path, a
    /// result and a repair by the IDs that they had where they were made.
    func content() throws -> [String] {
        try StoreFixture.questions.flatMap { name, sql in try lines(sql).sorted().map { "\(name): \($0)" } }
    }

    private static let questions: [(name: String, sql: String)] = [
        (
            "scan",
            """
            SELECT uuid, host, node, started_at, finished_at, state, roots, options, files_seen, images_seen, reused, clean,
                corrupt, in_use, path_errors, pruned_at, \(uuid("continues_scan_id")),
                row_number() OVER (PARTITION BY host ORDER BY id)
            FROM scan
            """
        ),
        (
            "image",
            """
            SELECT host, path, path_bytes, device, inode, birth_ns, \(uuid("first_scan_id")), \(uuid("last_scan_id")),
                \(uuid("missing_since_scan_id"))
            FROM image
            """
        ),
        (
            "result",
            """
            SELECT \(path("image_id")), \(uuid("scan_id")), ifnull(source_id, id), \(repair("repair_id")), checked_at, outcome,
                corruptions, row_number() OVER (PARTITION BY image_id ORDER BY id)
            FROM check_result
            """
        ),
        ("finding", "SELECT \(result("check_result_id")), number, kind, file_offset, cluster_count FROM finding"),
        (
            "event",
            """
            SELECT \(uuid("scan_id")), \(path("image_id")), event, \(path("other_image_id"))
            FROM image_event
            """
        ),
        ("error", "SELECT \(uuid("scan_id")), path, operation, errno, message FROM path_error"),
        ("root", "SELECT \(uuid("scan_id")), number, path, state, images FROM scan_root"),
        ("mount", "SELECT \(uuid("scan_id")), path FROM scan_mount"),
        (
            "backing",
            """
            SELECT \(path("image_id")), name, base_path, state, \(path("base_image_id")), \(uuid("base_changed_scan_id")),
                \(uuid("scan_id"))
            FROM backing
            """
        ),
        (
            "repair",
            """
            SELECT \(path("image_id")), ifnull(source_id, id), host, state, started_at, \(repair("undoes_repair_id")),
                \(result("check_result_before_id")), \(result("check_result_after_id"))
            FROM repair
            """
        ),
        (
            "change",
            """
            SELECT \(uuid("scan_id")), \(uuid("previous_scan_id")), path, change, old_path, outcome_before, outcome_after,
                corruptions_before, corruptions_after
            FROM scan_change
            """
        ),
        (
            "latest",
            """
            SELECT host, path, pool, outcome, corruptions, \(uuid("scan_id")), \(result("check_result_id")), present
            FROM latest_check
            """
        ),
    ]

    private static func uuid(_ column: String) -> String { "(SELECT s.uuid FROM scan AS s WHERE s.id = \(column))" }
    private static func path(_ column: String) -> String {
        "(SELECT i.host || ' ' || i.path FROM image AS i WHERE i.id = \(column))"
    }
    private static func result(_ column: String) -> String {
        """
        (
            SELECT s.uuid || ' ' || ifnull(r.source_id, r.id) FROM check_result AS r JOIN scan AS s ON s.id = r.scan_id
            WHERE r.id = \(column))
        """
    }
    private static func repair(_ column: String) -> String {
        "(SELECT r.host || ' ' || ifnull(r.source_id, r.id) FROM repair AS r WHERE r.id = \(column))"
    }
}
