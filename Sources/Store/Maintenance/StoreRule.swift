/// A rule that every row of a sound store obeys and that no constraint of its tables expresses.
struct StoreRule {
    /// The table whose rows are tested.
    let subject: String
    /// What is wrong with a row that breaks the rule.
    let claim: String
    /// Selects the IDs of the rows that break the rule.
    let sql: String

    static let all = [
        StoreRule(
            subject: "check_result", claim: "its outcome contradicts its counters",
            sql: """
                SELECT id FROM check_result WHERE CASE outcome
                    WHEN 'clean' THEN leaks <> 0 OR corruptions <> 0
                    WHEN 'leaking' THEN leaks = 0 OR corruptions <> 0
                    WHEN 'corrupt' THEN corruptions = 0
                    ELSE 0 END ORDER BY id
                """),
        StoreRule(
            subject: "check_result", claim: "its findings do not add up to its corruptions",
            sql: findings("corruption", "corruptions")),
        StoreRule(
            subject: "check_result", claim: "its findings do not add up to its leaks", sql: findings("leak", "leaks")),
        StoreRule(
            subject: "scan", claim: "its outcomes do not add up to the images that it saw",
            sql: """
                SELECT id FROM scan
                WHERE images_seen <> clean + leaking + corrupt + incomplete + invalid + unsupported + in_use + changing
                    OR reused > images_seen OR dirty > images_seen
                ORDER BY id
                """),
        StoreRule(
            subject: "scan", claim: "it has more results than images that it checked",
            sql: """
                SELECT id FROM scan
                WHERE state = 'completed' AND images_seen - reused < (
                    SELECT count(*) FROM check_result WHERE scan_id = scan.id AND repair_id IS NULL)
                ORDER BY id
                """),
        StoreRule(
            subject: "scan", claim: "it counted a different number of path errors than it has",
            sql: """
                SELECT id FROM scan
                WHERE state = 'completed' AND pruned_at IS NULL
                    AND path_errors <> (SELECT count(*) FROM path_error WHERE scan_id = scan.id)
                ORDER BY id
                """),
        StoreRule(
            subject: "image", claim: "its scans are not in order",
            sql: """
                SELECT id FROM image
                WHERE first_scan_id > last_scan_id
                    -- A scan clears this mark only at its end, which a killed scan does not reach.
                    OR missing_since_scan_id <= last_scan_id
                        AND last_scan_id NOT IN (SELECT id FROM scan WHERE state IN ('running', 'failed'))
                ORDER BY id
                """),
        StoreRule(
            subject: "repair", claim: "its journal lacks a write, or it is an undo and has writes",
            sql: """
                SELECT repair.id FROM repair JOIN repair_write ON repair_write.repair_id = repair.id
                GROUP BY repair.id
                HAVING count(*) <> max(number) OR repair.undoes_repair_id IS NOT NULL
                ORDER BY repair.id
                """),
        StoreRule(
            subject: "repair", claim: "it belongs to another image than its check, or than the repair that it undoes",
            sql: """
                SELECT repair.id FROM repair
                LEFT JOIN check_result AS b ON b.id = repair.check_result_before_id
                LEFT JOIN check_result AS a ON a.id = repair.check_result_after_id
                LEFT JOIN repair AS undone ON undone.id = repair.undoes_repair_id
                WHERE b.image_id <> repair.image_id OR a.image_id <> repair.image_id
                    OR undone.image_id <> repair.image_id
                ORDER BY repair.id
                """),
    ]

    /// SQL: the completed results whose counter differs from the sum of their findings. A finding that is not listed is
    /// counted in suppressed_count, and an orphaned table is not counted as a leak by itself. The sum is in floating
    /// point, so that it cannot overflow; it is exact below 2^53.
    private static func findings(_ severity: String, _ column: String) -> String {
        """
        SELECT r.id FROM check_result AS r
        WHERE r.outcome IN ('clean', 'leaking', 'corrupt') AND r.\(column) <> (
            SELECT total(f.cluster_count) + total(f.suppressed_count)
            FROM finding AS f JOIN finding_kind ON slug = f.kind
            WHERE f.check_result_id = r.id AND severity = '\(severity)' AND f.kind <> 'table-orphaned')
        ORDER BY r.id
        """
    }
}
