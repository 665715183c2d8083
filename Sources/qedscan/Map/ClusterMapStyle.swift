/// The style of all maps in a page or in a file: light or dark as the reader's system is.
enum ClusterMapStyle {
    static let text = """
        .qedmap{max-width:1240px;color:#24292f;font:12px system-ui,sans-serif;fill:#24292f}
        .qedmap .qm-title{font-size:14px;font-weight:600}
        .qedmap .qm-head{font-weight:600}
        .qedmap .qm-note{fill:#57606a}
        .qedmap.qm-document{max-width:none;background:#ffffff}
        .qedmap .qm-paper{fill:#ffffff}
        .qedmap .qm-invalid{fill:#cf222e}
        .qedmap .qm-shared{fill:#c2189b}
        .qedmap .qm-leaked{fill:#f08c00}
        .qedmap .qm-unknown,.qedmap .qm-unread{fill:#8a63d2}
        .qedmap .qm-partial-tail{fill:#e3c000}
        .qedmap .qm-header{fill:#24292f}
        .qedmap .qm-l1-table{fill:#0b5345}
        .qedmap .qm-l2-table{fill:#17a589}
        .qedmap .qm-data,.qedmap .qm-allocated{fill:#4c8fd6}
        .qedmap .qm-hole,.qedmap .qm-zero{fill:#b6d4f0}
        .qedmap .qm-unallocated{fill:#e6e9ed}
        .qedmap rect:hover{stroke:currentColor}
        @media (prefers-color-scheme:dark){
        .qedmap{fill:#e6edf3;color:#e6edf3}
        .qedmap .qm-note{fill:#9da7b3}
        .qedmap.qm-document{background:#0d1117}
        .qedmap .qm-paper{fill:#0d1117}
        .qedmap .qm-invalid{fill:#ff5c57}
        .qedmap .qm-shared{fill:#ff6ad5}
        .qedmap .qm-leaked{fill:#ffa94d}
        .qedmap .qm-unknown,.qedmap .qm-unread{fill:#b694ff}
        .qedmap .qm-partial-tail{fill:#ffe066}
        .qedmap .qm-header{fill:#e6edf3}
        .qedmap .qm-l1-table{fill:#a3e4d7}
        .qedmap .qm-l2-table{fill:#1abc9c}
        .qedmap .qm-data,.qedmap .qm-allocated{fill:#3d7fc4}
        .qedmap .qm-hole,.qedmap .qm-zero{fill:#22466b}
        .qedmap .qm-unallocated{fill:#262c36}
        }

        """
}
