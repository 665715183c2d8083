-- What is wrong in the pool, by kind of finding, and what mends it?
--
-- kind: as in the findings of `show`
-- severity: corruption, leak or notice
-- images: that have it
-- findings: entries or runs of them that are listed
-- suppressed: more of the kind that are counted, but not listed
-- clusters: corruptions or leaks that the listed ones make up
-- guest_bytes: that the listed ones map
-- repair: the repair action that mends it
-- meaning: what it is
SELECT
    finding.kind,
    finding_kind.severity,
    count(DISTINCT finding.check_result_id) AS images,
    count(*) AS findings,
    CAST(total(finding.suppressed_count) AS INTEGER) AS suppressed,
    CAST(total(finding.cluster_count) AS INTEGER) AS clusters,
    CAST(total(finding.guest_length) AS INTEGER) AS guest_bytes,
    finding_kind.repair,
    finding_kind.message AS meaning
FROM latest_check
CROSS JOIN finding ON finding.check_result_id = latest_check.check_result_id  -- an image's findings, not all of a kind
JOIN finding_kind ON finding_kind.slug = finding.kind
WHERE latest_check.present AND latest_check.outcome NOT IN ('in_use', 'changing')
GROUP BY finding.kind
ORDER BY
    CASE finding_kind.severity WHEN 'corruption' THEN 0 WHEN 'leak' THEN 1 ELSE 2 END,
    images DESC,
    findings DESC,
    finding.kind;
