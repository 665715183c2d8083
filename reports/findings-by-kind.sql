-- What is wrong in the pool, by kind of finding, and what repairs it?
--
-- kind: the kind, as in the findings of `show`
-- severity: corruption, leak or notice
-- images: images with such findings
-- findings: findings that are listed; one can describe several entries
-- suppressed: further findings of this kind that are counted but not listed
-- clusters: corruptions or leaks in the listed findings
-- guest_bytes: guest bytes that the listed findings map
-- repair: the repair action that fixes it
-- meaning: what the kind means
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
