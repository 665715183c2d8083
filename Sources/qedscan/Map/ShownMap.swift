import Files
import QED
import Store

/// The map of an image in the store, read from the image as it is now.
struct ShownMap {
    let path: RawPath
    /// The file's identity at the latest check; nil if it has not been checked.
    let checked: FileIdentity?
    /// The host or pool that has the image, as in the column `host`.
    let host: String
    /// The machine that checked it; nil if it has not been checked.
    let checkedBy: String?
    /// Less time than for a scan, since somebody waits for the map.
    var limits = CheckLimits(baseSeconds: 10)
    /// Asked between pieces of tables; if true, the map is partial.
    var isCancelled: @Sendable () -> Bool = { false }

    /// Reads the tables, if the file has not changed since the check and no program has it open for writing.
    func read(fileCells: Int, guestCells: Int) throws(MapRefusal) -> ClusterUsage {
        let file = try open()
        try refuseUse(of: file)
        let usage: ClusterUsage
        do throws(ClusterUsageFault) {
            usage = try ClusterUsage.read(
                file, fileCells: fileCells, guestCells: guestCells, limits: limits, isCancelled: isCancelled)
        } catch {
            throw MapRefusal(reason: error.description)
        }
        try refuseUse(of: file)
        _ = try open()
        return usage
    }

    /// Opens the file, if it has not changed since the check.
    private func open() throws(MapRefusal) -> ImageFile {
        guard host == Host.name || Pool.isPool(host: host) else {
            throw MapRefusal(reason: "the image is on another host")
        }
        guard let checked else { throw MapRefusal(reason: "the image has not been checked yet") }
        let file = try MapRefusal.wrap { () throws(SystemError) in try ImageFile(path: path) }
        guard file.status.isRegular else { throw MapRefusal(reason: "the image is not a regular file") }
        guard isSame(file.status.identity, checked) else {
            throw MapRefusal(reason: "the file has changed since it was checked")
        }
        return file
    }

    /// The device of a pool has a different number on each machine.
    private func isSame(_ identity: FileIdentity, _ checked: FileIdentity) -> Bool {
        guard checkedBy != Host.name, Pool.isPool(host: host) else { return identity == checked }
        return identity
            == FileIdentity(
                device: identity.device, inode: checked.inode, size: checked.size,
                modificationTime: checked.modificationTime, changeTime: checked.changeTime)
    }

    private func refuseUse(of file: ImageFile) throws(MapRefusal) {
        if case .writer(let holder) = try MapRefusal.wrap({ () throws(SystemError) in try file.testUse() }) {
            throw MapRefusal(reason: "the image is in use: \(holder)")
        }
    }
}

/// Why there is no map of an image, as a clause.
struct MapRefusal: Error {
    let reason: String

    fileprivate static func wrap<Value>(_ body: () throws(SystemError) -> Value) throws(MapRefusal) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw MapRefusal(reason: "the file cannot be read: \(error.reason)")
        }
    }
}
