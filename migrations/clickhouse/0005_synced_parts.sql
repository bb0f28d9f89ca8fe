-- A segment of the spool is deleted when its rows are in the store: they must be on the disk by then, or a power failure takes what was
-- acknowledged. The engine keeps what a merge has replaced for eight minutes, long after the system has written the merged part by itself.
ALTER TABLE spans {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE span_contents {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE signals {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE conversations {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
ALTER TABLE trace_changes {on_cluster} MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1;
