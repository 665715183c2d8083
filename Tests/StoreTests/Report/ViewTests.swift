import SQLite
import Testing

@testable import Store

/// The names that people write in their SQL: a contract.
@Suite struct ViewTests {
    private static let contract: [(view: String, columns: String)] = [
        (
            "latest_check",
            """
            image_id host path path_bytes outcome dirty leaks corruptions check_errors total_clusters \
            allocated_clusters zero_clusters fragmented_clusters cluster_size table_size header_size image_size \
            file_size disk_size l1_table_offset features compat_features autoclear_features backing_file \
            backing_is_raw qemu_leaks message checked_at scan_id duration_us present check_result_id pool
            """
        ),
        (
            "damaged_image",
            """
            image_id host path path_bytes outcome dirty leaks corruptions check_errors total_clusters \
            allocated_clusters zero_clusters fragmented_clusters cluster_size table_size header_size image_size \
            file_size disk_size l1_table_offset features compat_features autoclear_features backing_file \
            backing_is_raw qemu_leaks message checked_at scan_id duration_us present check_result_id pool \
            leaked_bytes
            """
        ),
        (
            "assessment",
            """
            image_id path host outcome dirty assessment evidence leaks leaked_bytes corruptions at_risk_bytes \
            lost_bytes orphaned_tables
            """
        ),
        (
            "scan_summary",
            """
            scan_id uuid host started_at finished_at duration_s state roots files_seen images_seen reused checked \
            clean leaking corrupt incomplete invalid unsupported in_use changing problems dirty path_errors \
            bytes_read version node pool shard_number shard_count shard_lower shard_upper
            """
        ),
        ("image", "id host path path_bytes device inode first_scan_id last_scan_id missing_since_scan_id birth_ns"),
        (
            "finding",
            """
            check_result_id number kind l1_index l2_index entry_value file_offset cluster_count guest_offset \
            guest_length other_l1_index other_l2_index suppressed_count
            """
        ),
        ("finding_kind", "slug pass severity message repair"),
        ("path_error", "id scan_id path path_bytes operation errno message"),
        (
            "repair_history",
            """
            repair_id path host state actions undoes_repair_id undone_by_repair_id is_undoable started_at finished_at \
            outcome_before outcome_after corruptions_before corruptions_after leaks_before leaks_after dirty_before \
            dirty_after size_before size_after changed_entries copied_bytes lost_ranges lost_bytes message
            """
        ),
        ("repair_action", "name summary loss is_default"),
        ("repair_effect", "repair_id number kind action guest_offset guest_length"),
        (
            "repair_write",
            "repair_id number phase action kind file_offset length source_offset before after"
        ),
        (
            "backing_link",
            """
            image_id host path path_bytes backing_file backing_file_bytes kind base_path base_path_bytes state errno \
            base_type base_image_id base_outcome base_dirty base_corruptions base_present base_is_qed is_raw_flag \
            virtual_size base_virtual_size made_at base_modified_at base_changed base_changed_scan_id present scan_id
            """
        ),
        ("backing_problem", "image_id host path problem base_path detail"),
        ("backing_tree", "host base_path base_image_id image_id path depth direct_image_id present"),
        ("scan_root", "scan_id number path path_bytes device inode state images"),
        ("image_event", "id scan_id image_id event other_image_id"),
        (
            "image_history",
            """
            image_id host path check_result_id source scan_id repair_id checked_at outcome_before outcome \
            corruptions_before corruptions leaks_before leaks dirty_before dirty file_size_before file_size message
            """
        ),
        (
            "scan_change",
            """
            scan_id previous_scan_id image_id path change old_path outcome_before outcome_after corruptions_before \
            corruptions_after leaks_before leaks_after
            """
        ),
        (
            "scan_progress",
            """
            scan_id updated_at process_id files images reused problems bytes_read expected_images current_images
            """
        ),
        ("schema_migration", "version name sql applied_at"),
    ]

    @Test(arguments: contract.indices) func columnsAreThoseOfTheContract(_ index: Int) throws {
        let fixture = try StoreFixture()
        try fixture.scan { _ in }
        let (view, columns) = ViewTests.contract[index]
        let statement = try Database(path: fixture.path, mode: .readOnly).prepare("SELECT * FROM \(view)")
        #expect(statement.columnNames.joined(separator: " ") == columns)
    }

    @Test func uuidsAreOfVersion4() throws {
        let fixture = try StoreFixture()
        for _ in 0..<3 { try fixture.scan { _ in } }
        let pattern = try Regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
        let uuids = try fixture.lines("SELECT uuid FROM scan")
        #expect(Set(uuids).count == 3)
        for uuid in uuids { #expect(uuid.wholeMatch(of: pattern) != nil) }
    }
}
