import Files
import Glibc
import SQLite

/// Tests that nobody but root, the caller and the user of the scan's unit can have written a store.
///
/// A repair writes to images what the store's journal says, so whoever can write root's store decides what root writes.
/// The test covers owners and modes of the store's files, of their directory, and of the directories above, but not
/// access control lists.
package struct StoreTrust {
    /// The user of `qedscan-scan@.service`, who owns the store that root repairs with.
    private static let serviceUser = "qedscan"
    private static let othersMayWrite: mode_t = 0o022

    private let trusted: Set<uid_t>

    package init() {
        self.init(users: Set([0, geteuid()] + [StoreTrust.userID(of: StoreTrust.serviceUser)].compactMap { $0 }))
    }

    /// - Parameter users: who may have written a store.
    init(users: Set<uid_t>) { trusted = users }

    /// The path of a store without links. Nobody else can make it lead elsewhere from now on.
    ///
    /// - Throws: `StoreError.untrusted`, or why the store cannot be opened.
    package func confirm(_ path: String) throws(StoreError) -> String {
        let file = try StoreError.wrap { () throws(SQLiteError) in
            let file = try DatabaseFile(path: path)
            try file.refusePlanted(isWriting: true)
            return file
        }
        let directories = StoreTrust.directories(of: file.resolvedPath)
        for directory in directories.dropLast() { try require(directory, isAbove: true) }
        // A sticky bit does not help here: anyone could still put a journal beside the store, and SQLite would roll it
        // back.
        if let directory = directories.last { try require(directory) }
        for suffix in [""] + DatabaseFile.companions + [".lock"] { try require(file.resolvedPath + suffix) }
        return file.resolvedPath
    }

    /// Throws if others may write a path. A directory's group counts as the owner's private one if both have the same
    /// number.
    ///
    /// - Parameter isAbove: for a directory above the store's; there it matters only that nobody can rename what is in
    ///   it.
    private func require(_ path: String, isAbove: Bool = false) throws(StoreError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        guard trusted.contains(status.st_uid) else {
            throw untrusted(path, status, "it belongs to user \(status.st_uid)")
        }
        // A link's mode means nothing, and whoever opens the file refuses the link.
        guard status.st_mode & S_IFMT != S_IFLNK else { return }
        var bits = status.st_mode & StoreTrust.othersMayWrite
        if isAbove, status.st_mode & S_ISVTX != 0 { bits = 0 }
        if isDirectory, status.st_uid == status.st_gid { bits &= ~S_IWGRP }
        guard bits != 0 else { return }
        let who = bits & S_IWOTH != 0 ? "everybody" : "group \(status.st_gid)"
        throw untrusted(path, status, "\(who) may write to it")
    }

    private func untrusted(_ path: String, _ status: stat, _ reason: String) -> StoreError {
        .untrusted(
            path: path, reason: "\(reason) (mode 0\(String(status.st_mode & 0o7777, radix: 8)))",
            isDirectory: status.st_mode & S_IFMT == S_IFDIR)
    }

    /// `/`, `/var`, `/var/lib` of `/var/lib/store.db`.
    private static func directories(of path: String) -> [String] {
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
