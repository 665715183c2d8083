/// Whose images a question is about.
package enum HostScope: Sendable {
    /// A machine's own and those of the pools that it has scanned.
    case node(String)
    /// One host's or pool's, as the column `host` has it.
    case host(String)
    case all

    /// SQL: whether a row that has a column `host` is one of them. `?1` is `value`.
    var condition: String {
        switch self {
        case .node: "host IN (\(Pool.hostsOfNode))"
        case .host: "host = ?1"
        case .all: "?1 IS NULL"
        }
    }

    var value: String? {
        switch self {
        case .node(let name), .host(let name): name
        case .all: nil
        }
    }

    /// SQL: as `condition`, of what is a machine's alone, such as its repairs.
    var machineCondition: String {
        switch self {
        case .node, .host: "host = ?1"
        case .all: "?1 IS NULL"
        }
    }
}
