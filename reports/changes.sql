-- What has changed since the previous scan?
--
-- :scan (default latest): the number of the scan; by default the latest scan of each host, or of each of its shards
--
-- path: the image
-- change: new, vanished, returned, moved, healed, newly-damaged, worse or changed
-- old_path: the previous path of an image that has moved
-- outcome_before, outcome_after: the outcome in the previous scan and in this one
-- corruptions_before, corruptions_after: invalid or shared entries
-- leaks_before, leaks_after: clusters that nothing refers to
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    change,
    old_path,
    outcome_before,
    outcome_after,
    corruptions_before,
    corruptions_after,
    leaks_before,
    leaks_after,
    scan.host
FROM scan_change
JOIN scan ON scan.id = scan_change.scan_id
WHERE scan_id = :scan OR :scan IS NULL AND scan_id IN (SELECT scan_id FROM latest_scan)
ORDER BY
    CASE change WHEN 'newly-damaged' THEN 0 WHEN 'worse' THEN 1 WHEN 'vanished' THEN 2 ELSE 3 END,
    change,
    path,
    scan_id;
