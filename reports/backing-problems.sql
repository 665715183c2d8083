-- Which overlays have something wrong with their backing files?
--
-- path: the overlay
-- problem: what is wrong, as in the view backing_problem
-- base_path: its backing file
-- detail: more of it
SELECT
    path,
    problem,
    base_path,
    detail
FROM backing_problem
ORDER BY host, path, problem;
