-- The store of GoldenReportTests: two scans of a small pool, with names that were made to disturb. Laid over a store that
-- a scan has just made.
DELETE FROM scan_root;
DELETE FROM scan;

INSERT INTO scan (
    id, uuid, host, started_at, finished_at, state, roots, options, version, files_seen, images_seen, clean, leaking,
    corrupt, invalid, unsupported, in_use, dirty, path_errors)
VALUES
    (1, 'one', 'host', '2024-01-01 00:00:00.000', '2024-01-01 00:01:00.000', 'completed', '["/pool"]', '{}', '0', 9, 6, 4,
        1, 1, 0, 0, 0, 0, 0),
    (2, 'two', 'host', '2024-01-02 00:00:00.000', '2024-01-02 00:01:00.000', 'completed', '["/pool"]', '{}', '0', 9, 8, 2,
        1, 2, 1, 1, 1, 2, 1);
UPDATE scan SET node = host;

-- A pool in five shards: one late, a gap, one not at its end, an overlap, one that was never scanned.
INSERT INTO scan (
    id, uuid, host, node, started_at, finished_at, state, roots, options, version, files_seen, images_seen, clean, leaking,
    shard_number, shard_count, shard_lower, shard_upper)
VALUES
    (3, 'three', 'pool:p|', 'a', '2024-01-01 00:00:00.000', '2024-01-01 02:00:00.000', 'completed', '["/shared <b>"]', '{}',
        '0', 3, 1, 1, 0, 1, 5, 0, 1000000000),
    (4, 'four', 'pool:p|', 'b', '2024-01-03 00:00:00.000', '2024-01-03 02:00:00.000', 'completed', '["/shared <b>"]', '{}',
        '0', 3, 1, 0, 1, 2, 5, 1000000001, 2000000000),
    (5, 'five', 'pool:p|', 'c', '2024-01-03 00:00:01.000', '2024-01-03 01:00:00.000', 'interrupted', '["/shared <b>"]', '{}',
        '0', 0, 0, 0, 0, 3, 5, 2000000000, 3000000000),
    (6, 'six', 'pool:p|', 'd', '2024-01-03 00:00:02.000', '2024-01-03 02:00:01.000', 'completed', '["/shared <b>"]', '{}',
        '0', 3, 0, 0, 0, 4, 5, 2999999999, 4000000000);

INSERT INTO image (id, host, path, device, inode, first_scan_id, last_scan_id)
VALUES
    (1, 'host', '/pool/a/<script>alert(1)</script>.qed', 3, 11, 1, 2),
    (2, 'host', '/pool/a/line' || char(10) || '| cell ' || char(27) || '[31m.qed', 3, 12, 1, 2),
    (3, 'host', '/pool/b/`tick` *bold* \xFF.qed', 3, 13, 1, 2),
    (4, 'host', '=cmd()', 3, 14, 1, 2),
    (5, 'host', '/pool/b/quote "a", ''b'' 日本.qed', 3, 15, 1, 2),
    (6, 'host', '/pool/gone' || char(13) || '.qed', 3, 16, 1, 1),
    (7, 'host', '/pool/a/invalid.qed', 3, 17, 2, 2),
    (8, 'host', '/pool/a/unsupported.qed', 3, 18, 2, 2),
    (9, 'host', '/pool/used.qed', 3, 19, 2, 2),
    (10, 'pool:p|', '/pool/used.qed', 3, 20, 3, 3),
    (11, 'pool:p|', '/shared <b>/leaking.qed', 3, 21, 4, 4);
UPDATE image SET missing_since_scan_id = 2 WHERE id = 6;

INSERT INTO check_result (
    id, image_id, scan_id, checked_at, duration_us, checker_version, outcome, message, device, inode, file_size, mtime_ns,
    ctime_ns, disk_size, dirty, cluster_size, table_size, header_size, image_size, l1_table_offset, features,
    compat_features, autoclear_features, leaks, corruptions, check_errors, total_clusters, allocated_clusters,
    zero_clusters, fragmented_clusters, qemu_leaks)
SELECT
    column1, column2, column3, '2024-01-0' || column3 || ' 00:00:30.000', 1000, 1, column4, column5, 3, 10 + column2,
    2097152 + column1 * 65536, 1, 1, 1048576 + column1 * 4096, column6, 65536, 4, 1, 1073741824, 65536, column7, 0, 0,
    column8, column9, 0, 16384, 30, 2, column10, column8
FROM (
    VALUES
        (1, 1, 1, 'clean', NULL, 0, 0, 0, 0, 0),
        (2, 2, 1, 'leaking', NULL, 0, 0, 5, 0, 3),
        (3, 3, 1, 'clean', NULL, 0, 0, 0, 0, 12),
        (4, 4, 1, 'clean', NULL, 0, 0, 0, 0, 0),
        (5, 5, 1, 'clean', NULL, 0, 0, 0, 0, 0),
        (6, 6, 1, 'corrupt', NULL, 0, 0, 0, 4, 0),
        (7, 1, 2, 'corrupt', NULL, 1, 2, 0, 2, 1),
        (8, 4, 2, 'corrupt', '-1+cmd|''/c calc''!A0', 1, 2, 3, 1, 0),
        (9, 7, 2, 'invalid', '@SUM(1) <b>|</b>', 0, 0, NULL, NULL, NULL),
        (10, 8, 2, 'unsupported', '+feature ' || char(9) || 'bits', 0, -9223372036854775800, NULL, NULL, NULL),
        (11, 9, 2, 'in_use', 'a program has it', 0, 0, NULL, NULL, NULL),
        (12, 10, 3, 'clean', NULL, 0, 0, 0, 0, 0),
        (13, 11, 4, 'leaking', NULL, 0, 0, 1, 0, 0)
);

INSERT INTO finding (
    check_result_id, number, kind, l1_index, l2_index, entry_value, file_offset, cluster_count, guest_offset, guest_length,
    suppressed_count)
VALUES
    (2, 1, 'cluster-leaked', NULL, NULL, NULL, 1048576, 5, NULL, NULL, 0),
    (7, 1, 'data-offset-beyond-file', 0, 1, 99, 131072, 1, 65536, 65536, 0),
    (7, 2, 'data-cluster-shared', 0, 2, 99, 131080, 1, 131072, 65536, 7),
    (8, 1, 'data-cluster-shared', 0, 3, 99, 131088, 1, 196608, 65536, 0),
    (8, 2, 'cluster-leaked', NULL, NULL, NULL, 1114112, 3, NULL, NULL, 0),
    (13, 1, 'cluster-leaked', NULL, NULL, NULL, 1048576, 1, NULL, NULL, 0);

INSERT INTO backing (
    image_id, name, kind, is_raw_flag, virtual_size, inode, base_path, state, base_type, base_device, base_inode,
    base_mtime_ns, base_is_qed, base_virtual_size, base_image_id, scan_id)
VALUES
    (1, '=cmd()', 'file', 1, 1073741824, 11, '=cmd()', 'found', 'regular', 3, 14, 1, 1, 1073741824, 4, 2),
    (5, 'gone', 'file', 0, 1073741824, 15, '/pool/<i>gone</i>|', 'missing', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 2);

INSERT INTO repair (
    image_id, state, message, host, version, actions, is_undoable, started_at, finished_at, check_result_before_id, device,
    inode, size_before, mtime_ns_before, ctime_ns_before, header_before, metadata_sha256_before, size_after)
VALUES
    (1, 'conflict', '=1+1 | `x` <b>', 'host', '0', '["clear-invalid","clone-shared"]', 1, '2024-01-03 00:00:00.000',
        '2024-01-03 00:00:01.000', 7, 3, 11, 2097152, 1, 1, x'00', zeroblob(32), 2097152);

INSERT INTO path_error (scan_id, path, operation, errno, message)
VALUES (2, '/pool/locked|<u>', 'open', 13, 'Permission denied');
