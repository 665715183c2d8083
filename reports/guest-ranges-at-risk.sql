-- Which byte ranges of the guests' disks are lost or at risk?
--
-- path: the image
-- guest_offset: position of the first byte on the guest's disk
-- guest_bytes: number of bytes from there
-- kind: kind of the finding
-- problem: what is wrong
-- suppressed: further findings of this kind in the image that are counted but not listed
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    latest_check.path,
    finding.guest_offset,
    finding.guest_length AS guest_bytes,
    finding.kind,
    finding_kind.message AS problem,
    finding.suppressed_count AS suppressed,
    latest_check.host
FROM latest_check
CROSS JOIN finding ON finding.check_result_id = latest_check.check_result_id  -- an image's findings, not all of a kind
JOIN finding_kind ON finding_kind.slug = finding.kind
WHERE latest_check.present AND latest_check.outcome NOT IN ('in_use', 'changing')
    AND finding_kind.severity <> 'notice' AND finding.guest_length > 0
-- +: sorted at the end. By the index of paths, all results would be read in the order of the paths, and that is slow.
ORDER BY +latest_check.host, latest_check.path, finding.guest_offset, finding.number;
