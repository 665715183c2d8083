-- Which images are fragmented, worst first?
--
-- path: the image
-- fragmented_clusters: data clusters that do not follow the previous one in the file
-- allocated_clusters: data clusters
-- fragmented_percent: percentage of the data clusters that are fragmented
-- file_bytes: size of the file
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    fragmented_clusters,
    allocated_clusters,
    round(100.0 * fragmented_clusters / allocated_clusters, 2) AS fragmented_percent,
    file_size AS file_bytes,
    host
FROM latest_check
WHERE present AND outcome NOT IN ('in_use', 'changing') AND fragmented_clusters > 0 AND allocated_clusters > 0
ORDER BY fragmented_percent DESC, fragmented_clusters DESC, host, path;
