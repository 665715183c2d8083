-- What did repairs change, newest first?
--
-- repair_id: the ID for 'qedscan undo'; in a merged store, it is valid only in the store of the host
-- path: the image
-- state: done; prepared: not finished; rolled_back: rolled back after an error or crash; conflict: image left as it was found
-- actions: what the repair did, or would have done
-- undoes, undone_by: the repair that this one undid, and the one that undid this one
-- outcome_before, outcome_after: outcomes of the checks before and after the repair
-- changed_entries: 8-byte words changed in the header and tables; unknown in a merged store
-- copied_bytes: bytes of clusters that were copied; unknown in a merged store
-- growth_bytes: bytes by which the file grew
-- lost_bytes: guest bytes that could not be read and now read as zeros or from the backing file
-- started_at: UTC
-- message: why the repair is not done
-- host: the machine that ran the repair
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
