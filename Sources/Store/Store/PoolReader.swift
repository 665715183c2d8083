import SQLite

/// A machine that reads what others have found in a pool which it shares with them.
///
/// A file of a network file system has the same inode number, size and times on every machine, but the number of its device
/// is each machine's own. So a result of another machine is of this one's device: that of the pool's root. If the file is on
/// another one, it is checked again.
package struct PoolReader: Sendable {
    private let node: String
    private let device: UInt64

    /// - Parameter device: of the roots, which are on the same one.
    package init(node: String, device: UInt64) {
        self.node = node
        self.device = device
    }

    /// The device for the results of each scan that another machine ran.
    func devices(in database: Database) throws(SQLiteError) -> [Int64: UInt64] {
        let statement = try database.prepare("SELECT id FROM scan WHERE node <> ?")
        try statement.bind(node)
        var devices: [Int64: UInt64] = [:]
        while try statement.step() { devices[try statement.column(0)] = device }
        return devices
    }
}
