import Files
import Glibc
import SQLite

/// Whether nobody but root, the caller and the user of the scan's unit can have written a store.
///
/// What is in its journal is written to images: with root's store in the hands of another user, that user would have
/// root write. Owners and modes are looked at, of the store's files, of their folder and of the folders above; access
/// control lists are not.
package struct StoreTrust {
    /// Who runs `qedscan-scan@.service`, and owns the store that root repairs with.
    private static let serviceUser = "qedscan"
    private static let othersMayWrite: mode_t = 0o022

    private let trusted: Set<uid_t>

    package init() {
        self.init(users: Set([0, geteuid()] + [StoreTrust.userID(of: StoreTrust.serviceUser)].compactMap { $0 }))
    }

    /// - Parameter users: who may have written a store.
    init(users: Set<uid_t>) { trusted = users }

    /// The path of a store without links, which nobody else can lead elsewhere from now on.
    ///
    /// - Throws: `StoreError.untrusted`, or why the store cannot be opened.
    package func confirm(_ path: String) throws(StoreError) -> String {
        let file = try StoreError.wrap { () throws(SQLiteError) in
            let file = try DatabaseFile(path: path)
            try file.refusePlanted(isWriting: true)
            return file
        }
        let folders = StoreTrust.folders(of: file.resolvedPath)
        for folder in folders.dropLast() { try require(folder, isAbove: true) }
        // Its sticky bit keeps nobody from putting a journal beside the store, which SQLite would roll back.
        if let folder = folders.last { try require(folder) }
        for suffix in [""] + DatabaseFile.companions + [".lock"] { try require(file.resolvedPath + suffix) }
        return file.resolvedPath
    }

    /// - Parameter isAbove: a folder above the store's, of which it matters only that nobody can rename what is in it. Of any folder, a
    ///   group of the same number as the owner is taken for the owner's own.
    private func require(_ path: String, isAbove: Bool = false) throws(StoreError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard trusted.contains(status.st_uid) else {
            throw untrusted(path, status, "it belongs to user \(status.st_uid)")
        }
        // A link's mode says nothing. Who opens the file refuses it.
        guard status.st_mode & S_IFMT != S_IFLNK else { return }
        var bits = status.st_mode & StoreTrust.othersMayWrite
        if isAbove, status.st_mode & S_ISVTX != 0 { bits = 0 }
        if isFolder, status.st_uid == status.st_gid { bits &= ~S_IWGRP }
        guard bits != 0 else { return }
        let who = bits & S_IWOTH != 0 ? "everybody" : "group \(status.st_gid)"
        throw untrusted(path, status, "\(who) may write it")
    }

    private func untrusted(_ path: String, _ status: stat, _ reason: String) -> StoreError {
        .untrusted(
            path: path, reason: "\(reason) (mode 0\(String(status.st_mode & 0o7777, radix: 8)))",
            isFolder: status.st_mode & S_IFMT == S_IFDIR)
    }

    /// `/`, `/var`, `/var/lib` of `/var/lib/store.db`.
    private static func folders(of path: String) -> [String] {
        RawPath(path).ancestors.map(\.path.text)
    }

    /// getpwnam_r(3). nil if there is no such user.
    private static func userID(of name: String) -> uid_t? {
        var (entry, buffer) = (passwd(), [CChar](repeating: 0, count: 16 << 10))
        var found: UnsafeMutablePointer<passwd>?
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.pw_uid
    }
}
