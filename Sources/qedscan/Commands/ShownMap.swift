import Files
import QED
import Store

/// The map of an image that the store knows, read from its file as it is now.
struct ShownMap {
    let path: RawPath
    /// The file as it was when it was checked; nil if it has not been yet.
    let checked: FileIdentity?
    /// Whose the image is, as the column `host` has it.
    let host: String
    /// The machine that checked it; nil if none did.
    let checkedBy: String?
    /// Somebody waits for it: less than a scan may take.
    var limits = CheckLimits(baseSeconds: 10)
    /// Asked between pieces of tables; the map is then partial.
    var isCancelled: @Sendable () -> Bool = { false }

    /// Reads the tables, if the file is still the one that was checked and nobody may write to it.
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

    /// Opens the file, if it is as it was when it was checked.
    private func open() throws(MapRefusal) -> ImageFile {
        guard host == Host.name || Pool.isPool(host: host) else {
            throw MapRefusal(reason: "the image is on another host")
        }
        guard let checked else { throw MapRefusal(reason: "the image has not been checked yet") }
        let file = try MapRefusal.wrap { () throws(SystemError) in try ImageFile(path: path) }
        guard file.status.isRegular else { throw MapRefusal(reason: "it is not a regular file") }
        guard isSame(file.status.identity, checked) else {
            throw MapRefusal(reason: "the file has changed since it was checked")
        }
        return file
    }

    /// Another machine has another number for the device of a pool.
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

/// Why the map of an image is not shown, as a clause.
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
