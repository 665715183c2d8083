import Files
import SQLite
import Store

/// Which image of the store a person means by a path, and perhaps a host.
struct ImageSearch {
    enum Answer {
        case found(id: Int64)
        case unknown
        /// Hosts and pools that have an image at the path, none of them this machine's.
        case several(hosts: [String])
    }

    /// As it was given.
    private let given: RawPath
    /// As a scan on this machine would name it.
    private let resolved: RawPath
    private let node: String
    private let host: String?

    /// - Parameters:
    ///   - node: this machine.
    ///   - host: as the column `host` has it; nil for this machine and its pools, and else for the one that has the path.
    init(_ path: RawPath, node: String, host: String?) {
        given = path
        resolved = ImageName.resolve(path)
        self.node = node
        self.host = host
    }

    func answer(in database: Database) throws(SQLiteError) -> Answer {
        if let host {
            // The links of this machine are not another's.
            let paths = host == node ? [resolved, given] : [given, resolved]
            return try first(paths, in: database, "host = ?1", host).map { .found(id: $0.id) } ?? .unknown
        }
        if let own = try first([resolved], in: database, "host IN (\(Pool.hostsOfNode))", node) {
            return .found(id: own.id)
        }
        for path in [given, resolved] {
            let others = try images(path, in: database, "?1 IS NULL AND host IN (SELECT host FROM scan)", nil)
            guard let other = others.first else { continue }
            return others.count == 1 ? .found(id: other.id) : .several(hosts: others.map(\.host).sorted())
        }
        return .unknown
    }

    private typealias Image = (id: Int64, host: String)

    private func first(
        _ paths: [RawPath], in database: Database, _ condition: String, _ value: String?
    ) throws(SQLiteError) -> Image? {
        for path in paths {
            if let image = try images(path, in: database, condition, value).first { return image }
        }
        return nil
    }

    /// Those at a path, that which was seen last first.
    ///
    /// - Parameter condition: SQL; `?1` in it is the value.
    private func images(
        _ path: RawPath, in database: Database, _ condition: String, _ value: String?
    ) throws(SQLiteError) -> [Image] {
        let statement = try database.prepare(
            """
            SELECT id, host FROM image WHERE path = ?2 AND ifnull(path_bytes, x'') = ?3 AND \(condition)
            ORDER BY last_scan_id DESC, host
            """)
        try statement.bind(value, path.text, path.isText ? [] : path.bytes)
        var images: [Image] = []
        while try statement.step() { images.append((try statement.column(0), try statement.column(1))) }
        return images
    }
}
