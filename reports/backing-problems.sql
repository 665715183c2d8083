-- Which overlays have a problem with their backing files?
--
-- path: the overlay
-- problem: what is wrong, as in the view backing_problem
-- base_path: its backing file
-- detail: more about the problem
-- host: where the overlay is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    problem,
    base_path,
    detail,
    host
FROM backing_problem
ORDER BY host, path, problem;
