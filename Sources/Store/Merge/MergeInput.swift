import Assets
import Dispatch
import Files
import Glibc
import SQLite

/// A store to be merged, verified and at this program's version. It is only read, and may be in use.
package struct MergeInput: Sendable {
    /// As the caller named it.
    package let path: String
    /// The file to read: the store itself or, if that is older, a copy at this version.
    let readPath: String
    private let isCopy: Bool

    /// - Parameter target: the store to merge into; a copy is created beside it.
    /// - Throws: `StoreError` if it is not a store, is newer, or is damaged.
    init(_ path: String, target: String) throws(StoreError) {
        self.path = path
        guard access(path, F_OK) == 0 else { throw .mergeInput(path: path, reason: String(cString: strerror(errno))) }
        guard !DatabaseFile.isSame(path, target) else {
            throw .mergeInput(path: path, reason: "it is the store to merge into")
        }
        try ScanStore.refuseOtherFiles(at: path)
        let version = try StoreVersion(ofStoreAt: path)
        guard version.number > 0 else { throw .mergeInput(path: path, reason: "it is empty") }
        isCopy = !version.missing.isEmpty
        readPath = isCopy ? try MergeInput.migratedCopy(of: path, beside: target) : path
        do throws(StoreError) {
            try requireSound()
        } catch {
            discard()
            throw error
        }
    }

    /// Verifies several stores at once.
    package static func all(_ paths: [String], target: String) -> [Result<MergeInput, StoreError>] {
        let inputs = Locked<[Int: Result<MergeInput, StoreError>]>([:])
        DispatchQueue.concurrentPerform(iterations: paths.count) { index in
            let input = Result { () throws(StoreError) in try MergeInput(paths[index], target: target) }
            inputs.withLock { $0[index] = input }
        }
        return inputs.withLock { inputs in paths.indices.compactMap { inputs[$0] } }
    }

    /// Removes the copy, if one was made.
    package func discard() {
        if isCopy { MergeInput.remove(readPath) }
    }

    private static func migratedCopy(of path: String, beside target: String) throws(StoreError) -> String {
        let copy = TemporaryName.beside(RawPath(target)).text
        do throws(StoreError) {
            _ = try StoreBackup(of: path, to: copy, replaces: false).run()
            try ScanStore.use(path: copy) { _ throws(StoreError) in }
        } catch {
            remove(copy)
            throw .mergeInput(path: path, reason: "it is older, and a newer copy cannot be made: \(error.description)")
        }
        return copy
    }

    private static func remove(_ path: String) {
        for suffix in [""] + DatabaseFile.companions { unlink(path + suffix) }
    }

    /// Throws if the store is damaged: rows that refer to nothing would be left out silently.
    private func requireSound() throws(StoreError) {
        let faults = StoreCheck(ofStoreAt: readPath).faults
        guard let first = faults.first else { return }
        let more = faults.count > 1 ? " and \(faults.count - 1) other faults, see 'qedscan store verify'" : ""
        throw .mergeInput(path: path, reason: "it is damaged: \(first)\(more)")
    }
}
