import QED

/// The totals of a map as one JSON object.
enum ClusterMapJSON {
    static func object(_ usage: ClusterUsage) -> JSON {
        let entries = usage.entries
        return .object([
            ("complete", JSON(usage.isComplete)), ("gap", usage.gap.map { JSON($0) } ?? .null),
            ("knows_holes", JSON(usage.knowsHoles)), ("file", strip(usage.file)), ("guest", strip(usage.guest)),
            (
                "entries",
                .object([
                    ("allocated", JSON(entries.allocated)), ("zero", JSON(entries.zero)),
                    ("invalid_tables", JSON(entries.invalidTables)), ("invalid_data", JSON(entries.invalidData)),
                    ("shared_references", JSON(entries.sharedReferences)),
                ])
            ),
        ])
    }

    /// Says why there is no map.
    static func object(unavailable reason: String) -> JSON { .object([("unavailable", JSON(reason))]) }

    private static func strip<Use: ClusterUse>(_ strip: UsageStrip<Use>) -> JSON {
        .object([("clusters", JSON(strip.clusterCount))] + Use.allCases.map { ($0.slug, JSON(strip.total[$0])) })
    }
}
