-- What did repairs change, newest first?
--
-- repair_id: the number that undoes it
-- path: the image
-- state: done; prepared: begun, not ended; rolled_back: taken back; conflict: neither as before nor as planned
-- actions: what it did, or would have done
-- undoes, undone_by: repair_id of the repair that it took back, and of the one that took it back
-- outcome_before, outcome_after: of the checks before and after it
-- changed_entries: words of 8 bytes that were changed in header and tables
-- copied_bytes: bytes of clusters that were given a copy
-- growth_bytes: by which the file became longer
-- lost_bytes: guest bytes that could not be read and now read as zeros or from the backing file
-- started_at: UTC
-- message: why it is not done
-- host: where it ran
SELECT
    repair_id,
    path,
    state,
    replace(replace(trim(actions, '[]'), '"', ''), ',', ', ') AS actions,
    undoes_repair_id AS undoes,
    undone_by_repair_id AS undone_by,
    outcome_before,
    outcome_after,
    changed_entries,
    copied_bytes,
    size_after - size_before AS growth_bytes,
    lost_bytes,
    started_at,
    message,
    host
FROM repair_history
ORDER BY repair_id DESC;
