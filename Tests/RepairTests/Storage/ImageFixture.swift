import CSystem
import Files
import Foundation
import QED
import Repair
import TestSupport
import Testing

/// A file in its own directory, to take exclusively.
struct ImageFixture {
    let directory: TemporaryDirectory
    let path: RawPath
    let identity: FileIdentity

    init(_ bytes: [UInt8] = Array(repeating: 7, count: 10_000)) throws {
        directory = try TemporaryDirectory()
        path = RawPath(try directory.write(bytes, to: "image.qed"))
        identity = try FileStatus(opening: path).identity
    }

    /// Takes exclusive use of the file as it was when made. One attempt.
    func take(_ change: (inout AccessOptions) -> Void = { _ in }) throws(RepairFailure) -> WritableImage {
        try take(.unchanged(identity), change)
    }

    func take(
        _ expected: ExclusiveUse.ExpectedFile, _ change: (inout AccessOptions) -> Void = { _ in }
    ) throws(RepairFailure) -> WritableImage {
        var options = AccessOptions()
        change(&options)
        return try ExclusiveUse.take(path, expecting: expected, options: options)
    }

    /// Takes exclusive use of it as soon as no stranger has it open.
    func takeWhenFree(
        _ expected: ExclusiveUse.ExpectedFile? = nil, _ change: (inout AccessOptions) -> Void = { _ in }
    ) throws -> WritableImage {
        try waitingForStrangers { try take(expected ?? .unchanged(identity), change) }
    }

    func contents() throws -> [UInt8] { Array(try directory.contents("image.qed")) }
}

/// The refusal that a call ends with; nil if it ends with anything else.
func refusal(_ call: () throws -> Void) -> Refusal? {
    do {
        try call()
    } catch RepairFailure.refused(let refusal) {
        return refusal
    } catch {
        Issue.record("not refused, but: \(error)")
    }
    return nil
}

/// Calls a function again while it is refused for a lease, but not for long.
///
/// A program that another test is starting has every descriptor of this process until its exec(2), those with
/// O_CLOEXEC, too.
func waitingForStrangers<Value>(_ call: () throws -> Value) throws -> Value {
    for _ in 0..<2000 {
        do {
            return try call()
        } catch RepairFailure.refused(let refusal) where refusal.test == .lease || refusal.test == .locks {
            usleep(1000)
        }
    }
    return try call()
}

extension WritableImage {
    /// Confirms exclusive use as soon as no stranger has the file open.
    func confirmWhenFree() throws { try waitingForStrangers { try confirmExclusiveUse() } }
}

/// A descriptor that is closed when dropped.
final class OpenDescriptor {
    let number: Int32

    init(_ path: RawPath, _ flags: Int32 = O_RDONLY) throws {
        number = path.withCString { csystem_openat(AT_FDCWD, $0, flags | O_CLOEXEC) }
        try #require(number >= 0)
    }

    deinit { close(number) }
}

extension ImageStorage {
    func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemError) {
        try bytes.withUnsafeBufferPointer { buffer throws(SystemError) in
            try write(UnsafeRawBufferPointer(buffer), at: ByteOffset(offset))
        }
    }
}

/// Mounts a file system on a directory, for the calling thread alone. It goes with the process.
func mountForThisThread(_ type: String, at directory: String, options: String = "") throws {
    typealias Unshare = @convention(c) (Int32) -> Int32
    let symbol = try #require(dlsym(UnsafeMutableRawPointer(bitPattern: 0), "unshare"))
    let newMountNamespace: Int32 = 0x0002_0000
    try #require(unsafeBitCast(symbol, to: Unshare.self)(newMountNamespace) == 0)
    // Private, so that what is mounted here is not seen elsewhere.
    let privateRecursive: UInt = (1 << 18) | (1 << 14)
    try #require(mount("none", "/", nil, privateRecursive, nil) == 0)
    try #require(mount("none", directory, type, 0, options) == 0)
}

/// Unmounts a directory though files in it are open, so that it can be removed.
func unmount(_ directory: String) {
    let detach: Int32 = 2
    umount2(directory, detach)
}

let isRoot = geteuid() == 0

/// Not in every sandbox, even as root.
let canMount: Bool = {
    guard isRoot, let unshare = Tool("unshare") else { return false }
    do {
        return try unshare.runBlocking(["--mount", "sh", "-c", "mount -t tmpfs none /mnt"]).status == 0
    } catch {
        return false
    }
}()
