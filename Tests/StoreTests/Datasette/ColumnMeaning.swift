/// The meaning of columns that mean the same in every table and view.
enum ColumnMeaning {
    static let words = [
        "allocated_clusters": "data clusters in use",
        "assessment": "unusable, tree-lost, data-lost, data-at-risk, space or harmless",
        "at_risk_bytes": "of the guest, that shared entries map",
        "check_errors": "reads that failed",
        "checker_version": "results of other versions are not used again",
        "corruptions": "bad or shared entries",
        "dirty": "1 if it was not closed cleanly",
        "event": "vanished: not seen where it should have been; returned: seen again; moved: from other_image_id",
        "evidence": "why, in a sentence",
        "files_seen": "regular files",
        "fragmented_clusters": "data clusters that do not follow the one before",
        "images_seen": "images, those with a reused result included",
        "leaked_bytes": "in leaked clusters",
        "leaks": "clusters that nothing refers to",
        "lost_bytes": "of the guest, that could not be read",
        "outcome": "clean, leaking, corrupt, incomplete, invalid, unsupported, in_use or changing",
        "path_bytes": "the exact bytes of a path that is not UTF-8",
        "present": "1 if the latest scan that looked there saw it",
        "problems": "images that are not clean",
        "reused": "images that have not changed since an earlier check",
        "total_clusters": "of the guest's disk",
        "zero_clusters": "that read as zeros without data",
    ]

    private static let units = [
        ("_at", "UTC"), ("_s", "seconds"), ("_us", "microseconds"), ("_ns", "nanoseconds since 1970"),
        ("_ns_before", "nanoseconds since 1970"), ("_ns_after", "nanoseconds since 1970"), ("_bytes", "bytes"),
        ("_offset", "bytes"), ("_length", "bytes"), ("_size", "bytes"), ("size_before", "bytes"),
        ("size_after", "bytes"),
        ("bytes_read", "bytes"),
    ]

    /// The unit of a column's numbers; nil for none, or if the comment has it already.
    static func unit(of column: String, saying comment: String?) -> String? {
        if ["path_bytes", "name_bytes"].contains(where: column.hasSuffix) || column == "backing_file_bytes" {
            return nil
        }
        if let comment, comment.hasSuffix("clusters") { return nil }
        return units.first { column.hasSuffix($0.0) }?.1
    }
}
