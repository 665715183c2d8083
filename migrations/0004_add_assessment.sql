-- How bad the damage of each image is.
--
-- A finding of kind 'table-orphaned' is an L2 table among the leaked clusters. Its columns: file_offset, where the table
-- begins; entry_value, how many L1 entries it may belong to; l1_index, guest_offset and guest_length, which one and what
-- that maps, if there is only one; cluster_count 0, since its clusters are among those of 'cluster-leaked', which make
-- up the leaks alone; suppressed_count, how many more tables there are.

-- One row per image that is there and damaged. assessment, the worst first:
--
-- unusable: the header, or the place of the L1 table, is invalid: nothing can be read.
-- tree-lost: L2 tables are orphaned, or no table has an entry and the file is full of leaked clusters: the guest reads
--     zeros, or the backing file, where it had data. The clusters are still there: nothing may be reclaimed.
-- data-lost: entries are invalid: what they map cannot be read.
-- data-at-risk: clusters are in use more than once: who writes to one changes what the other reads.
-- space: clusters are leaked, nothing else is known to be wrong.
-- harmless: the leaks are what one write leaves that a crash cut short: a single run that ends the file, of at most 2 MiB
--     of data (guests and qemu-img write no more at once; QEMU has one allocating write under way at a time). An L2 table
--     may be among them if it is the very last thing, as QEMU allocates the table after the data, and if the image is
--     dirty or has a backing file: one that was closed cleanly has its L1 entry. QEMU leaves overlays unmarked.
--
-- at_risk_bytes, lost_bytes: guest bytes that shared and invalid entries map. Where the evidence says "at least", numbers
-- are lower bounds: the image was not checked to its end, or not all findings of a kind are listed.
CREATE VIEW assessment AS
WITH fact AS (
    SELECT
        damaged_image.image_id,
        damaged_image.path,
        damaged_image.host,
        damaged_image.outcome,
        damaged_image.dirty,
        damaged_image.message,
        damaged_image.leaks,
        damaged_image.leaked_bytes,
        damaged_image.corruptions,
        damaged_image.table_size,
        damaged_image.cluster_size,
        damaged_image.disk_size,
        damaged_image.allocated_clusters + damaged_image.zero_clusters AS entries,
        damaged_image.dirty OR damaged_image.backing_file IS NOT NULL AS may_lack_l1_entry,
        max(damaged_image.header_size, 1) + damaged_image.table_size AS fixed_clusters,
        max(2097152 / damaged_image.cluster_size, 1) AS write_clusters,
        damaged_image.file_size / damaged_image.cluster_size * damaged_image.cluster_size AS end_offset,
        CAST(total((finding.kind = 'table-orphaned') * (1 + finding.suppressed_count)) AS INTEGER) AS orphaned_tables,
        max(CASE finding.kind WHEN 'table-orphaned' THEN finding.file_offset END) AS orphan_offset,
        total((finding.kind = 'cluster-leaked') * (1 + finding.suppressed_count)) AS leak_runs,
        min(CASE finding.kind WHEN 'cluster-leaked' THEN finding.file_offset END) AS leak_offset,
        CAST(total(is_shared * (finding.cluster_count + finding.suppressed_count)) AS INTEGER) AS shared_clusters,
        CAST(total(is_shared * finding.guest_length) AS INTEGER) AS at_risk_bytes,
        CAST(total(is_invalid * (finding.cluster_count + finding.suppressed_count)) AS INTEGER) AS invalid_entries,
        CAST(total(is_invalid * finding.guest_length) AS INTEGER) AS lost_bytes,
        iif(damaged_image.outcome = 'incomplete', 'At least ', '') AS about,
        iif(damaged_image.outcome = 'incomplete' OR total(is_shared * finding.suppressed_count) > 0, 'at least ', '')
            AS about_at_risk,
        iif(damaged_image.outcome = 'incomplete' OR total(is_invalid * finding.suppressed_count) > 0, 'at least ', '')
            AS about_lost
    FROM damaged_image
    LEFT JOIN (
        SELECT
            *,
            kind IN ('l2-table-shared', 'l2-table-overlaps', 'data-cluster-shared', 'data-cluster-in-metadata')
                AS is_shared,
            kind IN (
                'l2-offset-unaligned', 'l2-offset-in-header', 'l2-offset-beyond-file', 'l2-table-truncated',
                'data-offset-unaligned', 'data-offset-in-header', 'data-offset-beyond-file', 'data-cluster-truncated')
                AS is_invalid
        FROM finding
    ) AS finding ON finding.check_result_id = damaged_image.check_result_id
    GROUP BY damaged_image.image_id
),
assessed AS (
    SELECT
        *,
        CASE
            WHEN outcome = 'invalid' THEN 'unusable'
            WHEN outcome = 'leaking' AND leak_runs = 1 AND leak_offset + leaked_bytes = end_offset
                AND leaks <= write_clusters + orphaned_tables * table_size
                AND (
                    orphaned_tables = 0
                    OR orphaned_tables = 1 AND may_lack_l1_entry
                    AND orphan_offset + table_size * cluster_size = end_offset)
                THEN 'harmless'
            WHEN orphaned_tables > 0 THEN 'tree-lost'
            WHEN outcome = 'leaking' AND entries = 0
                AND disk_size > (fixed_clusters + write_clusters) * cluster_size THEN 'tree-lost'
            WHEN invalid_entries > 0 THEN 'data-lost'
            WHEN corruptions > 0 THEN 'data-at-risk'
            ELSE 'space'
        END AS assessment,
        leaks || iif(leaks = 1, ' leaked cluster', ' leaked clusters') || ' (' || leaked_bytes || ' bytes)' AS leak_words
    FROM fact
)
SELECT
    image_id,
    path,
    host,
    outcome,
    dirty,
    assessment,
    CASE assessment
        WHEN 'unusable' THEN 'The header cannot be used' || ifnull(': ' || message, '') || '.'
        WHEN 'tree-lost' THEN CASE orphaned_tables
            WHEN 0 THEN 'The tables have no entry at all, and there are ' || leak_words || '.'
            WHEN 1 THEN 'No L1 entry refers to 1 L2 table among ' || leak_words || '.'
            ELSE 'No L1 entry refers to ' || orphaned_tables || ' L2 tables among ' || leak_words || '.'
        END
        WHEN 'data-lost' THEN
            about || invalid_entries || iif(invalid_entries = 1, ' entry is', ' entries are') || ' invalid: '
            || about_lost || lost_bytes || ' guest bytes cannot be read.'
        WHEN 'data-at-risk' THEN
            about || shared_clusters || iif(shared_clusters = 1, ' cluster is', ' clusters are')
            || ' in use more than once: ' || about_at_risk || at_risk_bytes || ' guest bytes can be overwritten.'
        WHEN 'space' THEN 'No table is known to be among ' || leak_words || '.'
        ELSE 'A write that did not end left ' || leak_words || ' at the end of the file.'
    END AS evidence,
    leaks,
    leaked_bytes,
    corruptions,
    iif(outcome = 'invalid', NULL, at_risk_bytes) AS at_risk_bytes,
    iif(outcome = 'invalid', NULL, lost_bytes) AS lost_bytes,
    iif(outcome = 'invalid', NULL, orphaned_tables) AS orphaned_tables
FROM assessed;
