import QED

/// The totals of a map as one JSON object.
enum ClusterMapJSON {
    static func object(_ usage: ClusterUsage) -> String {
        let entries = usage.entries
        let members = [
            "\"complete\": \(usage.isComplete)", "\"gap\": \(usage.gap.map(JSON.string) ?? "null")",
            "\"knows_holes\": \(usage.knowsHoles)", "\"file\": \(strip(usage.file))",
            "\"guest\": \(strip(usage.guest))",
            "\"entries\": {\"allocated\": \(entries.allocated), \"zero\": \(entries.zero), "
                + "\"invalid_tables\": \(entries.invalidTables), \"invalid_data\": \(entries.invalidData), "
                + "\"shared_references\": \(entries.sharedReferences)}",
        ]
        return "{" + members.joined(separator: ", ") + "}"
    }

    /// Says why there is no map.
    static func object(unavailable reason: String) -> String { "{\"unavailable\": \(JSON.string(reason))}" }

    private static func strip<Use: ClusterUse>(_ strip: UsageStrip<Use>) -> String {
        let counts = Use.allCases.map { "\"\($0.slug)\": \(strip.total[$0])" }
        return "{" + (["\"clusters\": \(strip.clusterCount)"] + counts).joined(separator: ", ") + "}"
    }
}
