/// A part of what `show` prints: the rows of a question about one image, whose number is its only parameter.
struct ShownSection {
    /// Above its table.
    let title: String
    /// Its array's name in the JSON object.
    let name: String
    let sql: String

    static let findings = ShownSection(
        title: "findings", name: "findings",
        sql: """
            SELECT
                kind, severity, l1_index AS l1, l2_index AS l2,
                iif(entry_value IS NULL, NULL, format('0x%llx', entry_value)) AS entry, file_offset,
                cluster_count AS count, guest_offset, guest_length, other_l1_index AS other_l1,
                other_l2_index AS other_l2, nullif(suppressed_count, 0) AS suppressed, message
            FROM finding JOIN finding_kind ON slug = kind
            WHERE check_result_id = (SELECT max(id) FROM check_result WHERE image_id = ?1)
            ORDER BY number
            """)

    /// The files below the image, the nearest first. In a cycle, the last is one that is above it already. As in
    /// `backing_chain`, it ends after 100 steps. The outcome is that of a base which is there.
    static let backingChain = ShownSection(
        title: "backing chain", name: "backing_chain",
        sql: """
            WITH RECURSIVE
            chain (image_id, depth, above) AS (
                SELECT ?1, 1, ',' || ?1 || ','
                UNION ALL
                SELECT link.base_image_id, chain.depth + 1, chain.above || link.base_image_id || ','
                FROM chain CROSS JOIN backing_link AS link ON link.image_id = chain.image_id
                WHERE instr(chain.above, ',' || link.base_image_id || ',') = 0 AND chain.depth < 100
            ),
            problem (image_id, words) AS MATERIALIZED (
                SELECT image_id, group_concat(problem || ifnull(' (' || detail || ')', ''), '; ')
                FROM (
                    SELECT image_id, problem, detail FROM backing_problem
                    WHERE image_id IN (SELECT image_id FROM chain)
                    ORDER BY image_id, problem)
                GROUP BY image_id
            )
            SELECT
                chain.depth, link.backing_file AS name, link.kind, link.base_path AS path, link.state,
                link.base_is_qed AS is_qed, iif(link.base_present, link.base_outcome, NULL) AS outcome,
                problem.words AS problems
            FROM chain
            CROSS JOIN backing_link AS link ON link.image_id = chain.image_id
            LEFT JOIN problem ON problem.image_id = chain.image_id
            ORDER BY chain.depth
            """)

    /// The images that need it, and the one directly on it through which they do; the host of those that are elsewhere. An
    /// image in a cycle needs itself.
    static let overlays = ShownSection(
        title: "overlays", name: "overlays",
        sql: """
            SELECT
                tree.depth, tree.path, latest_check.outcome,
                iif(tree.depth > 1, direct.path, NULL) AS through, nullif(tree.host, base.host) AS host
            FROM backing_tree AS tree
            JOIN image AS base ON base.id = tree.base_image_id
            JOIN image AS direct ON direct.id = tree.direct_image_id
            LEFT JOIN latest_check ON latest_check.image_id = tree.image_id
            WHERE tree.base_image_id = ?1 AND tree.present
            ORDER BY tree.depth, tree.path, tree.host
            """)

    /// The last 20 checks, the newest first. A repair's own has its number, a scan's the scan's. In a merged store the
    /// repair's number is that of its own store, as in the report `repairs`.
    static let history = ShownSection(
        title: "history", name: "history",
        sql: """
            SELECT
                checked_at, iif(repair_id IS NULL, scan_id, NULL) AS scan,
                (SELECT ifnull(source_id, id) FROM repair WHERE id = repair_id) AS repair, outcome, dirty, corruptions,
                leaks, file_size, message
            FROM check_result
            WHERE image_id = ?1
            ORDER BY id DESC
            LIMIT 20
            """)
}
