-- How bad is the damage of each image, worst first?
--
-- path: the image
-- assessment: unusable, tree-lost, data-lost, data-at-risk, space or harmless
-- evidence: the reason, in a sentence; where it says "at least", the numbers are lower bounds
-- dirty: 1 if the image is marked as not closed cleanly
-- orphaned_tables: L2 tables among the leaked clusters
-- lost_bytes: guest bytes that invalid entries map
-- at_risk_bytes: guest bytes that shared entries map
-- leaked_bytes: bytes in leaked clusters
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    assessment,
    evidence,
    dirty,
    orphaned_tables,
    lost_bytes,
    at_risk_bytes,
    leaked_bytes,
    host
FROM assessment
ORDER BY
    CASE assessment
        WHEN 'unusable' THEN 1
        WHEN 'tree-lost' THEN 2
        WHEN 'data-lost' THEN 3
        WHEN 'data-at-risk' THEN 4
        WHEN 'space' THEN 5
        ELSE 6
    END,
    orphaned_tables DESC,
    lost_bytes DESC,
    at_risk_bytes DESC,
    leaked_bytes DESC,
    host,
    path;
