-- Which images need which backing file, directly or through others?
--
-- base_path: the backing file
-- base_outcome: the outcome of its latest check, if it is an image in the store
-- depth: 1 for an overlay directly on top of it
-- path: the overlay
-- host: where the overlay is: a machine, or 'pool:' and the name of a pool
SELECT
    backing_tree.base_path,
    base.outcome AS base_outcome,
    backing_tree.depth,
    backing_tree.path,
    backing_tree.host
FROM backing_tree
LEFT JOIN latest_check AS base ON base.image_id = backing_tree.base_image_id
WHERE backing_tree.present
ORDER BY backing_tree.host, backing_tree.base_path, backing_tree.depth, backing_tree.path;
