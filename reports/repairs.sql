-- What did repairs change, newest first?
--
-- repair_id: the number that undoes it; in a merged store, in that of the host alone
-- path: the image
-- state: done; prepared: begun, not ended; rolled_back: taken back; conflict: neither as before nor as planned
-- actions: what it did, or would have done
-- undoes, undone_by: repair_id of the repair that it took back, and of the one that took it back
-- outcome_before, outcome_after: of the checks before and after it
-- changed_entries: words of 8 bytes that were changed in header and tables; not known in a merged store
-- copied_bytes: bytes of clusters that were given a copy; not known in a merged store
-- growth_bytes: by which the file became longer
-- lost_bytes: guest bytes that could not be read and now read as zeros or from the backing file
-- started_at: UTC
-- message: why it is not done
-- host: the machine where it ran
SELECT
    ifnull(own.source_id, repair_id) AS repair_id,
    path,
    repair_history.state,
    replace(replace(trim(repair_history.actions, '[]'), '"', ''), ',', ', ') AS actions,
    ifnull(undone.source_id, repair_history.undoes_repair_id) AS undoes,
    ifnull(undoing.source_id, undone_by_repair_id) AS undone_by,
    outcome_before,
    outcome_after,
    -- The journals are in the hosts' own stores.
    iif(own.source_id IS NULL, changed_entries, NULL) AS changed_entries,
    iif(own.source_id IS NULL, copied_bytes, NULL) AS copied_bytes,
    repair_history.size_after - repair_history.size_before AS growth_bytes,
    lost_bytes,
    repair_history.started_at,
    repair_history.message,
    repair_history.host
FROM repair_history
JOIN repair AS own ON own.id = repair_history.repair_id
LEFT JOIN repair AS undone ON undone.id = repair_history.undoes_repair_id
LEFT JOIN repair AS undoing ON undoing.id = repair_history.undone_by_repair_id
-- The numbers of a merged store are in the order of the merges.
ORDER BY iif(own.source_id IS NULL, NULL, repair_history.started_at) DESC, own.id DESC;
