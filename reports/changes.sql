-- What is different since the scan before?
--
-- :scan (default latest): the number of the scan; the latest is that of each host, or of each of its shards
--
-- path: the image
-- change: new, vanished, returned, moved, healed, newly-damaged, worse or changed
-- old_path: where an image was that has moved
-- outcome_before, outcome_after: of the scan before, and of the scan
-- corruptions_before, corruptions_after: bad or shared entries
-- leaks_before, leaks_after: clusters that nothing refers to
-- host: where it is: a machine, or 'pool:' and the name of a pool
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
