import Glibc
import Testing

@testable import ReportStore

/// One command at a time works on a store.
@Suite(.timeLimit(.minutes(10))) struct RunLockTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("store.db") }

    init() throws { folder = try TemporaryFolder() }

    @Test func theSecondIsToldWhoHasIt() throws {
        let lock = try RunLock(storePath: path, host: "box")
        let error = #expect(throws: StoreError.self) { try RunLock(storePath: path, host: "box") }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("\(path) is in use by another command: process \(getpid()) on box, since 2"))
        #expect(text.hasSuffix(" UTC"))
        withExtendedLifetime(lock) {}
    }

    @Test func itIsFreeAgainAfterwards() throws {
        for _ in 0..<3 { withExtendedLifetime(try RunLock(storePath: path, host: "box")) {} }
    }

    @Test func storesDoNotDisturbEachOther() throws {
        let first = try RunLock(storePath: path, host: "box")
        let second = try RunLock(storePath: path + "2", host: "box")
        withExtendedLifetime((first, second)) {}
    }

    @Test func aProcessThatDiesGivesItUp() async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let lock = try RunLock(storePath: path, host: "dead")
            kill(getpid(), SIGKILL)
            withExtendedLifetime(lock) {}
        }
        withExtendedLifetime(try RunLock(storePath: path, host: "box")) {}
    }

    @Test func textOfTheHolderCannotActOnATerminal() throws {
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT, 0o600)
        defer { close(descriptor) }
        write(descriptor, "\u{1B}[31m\n", 6)
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        let setOpenFileDescriptionLock: Int32 = 37
        try #require(fcntl(descriptor, setOpenFileDescriptionLock, &lock) == 0)
        let error = #expect(throws: StoreError.self) { try RunLock(storePath: path, host: "box") }
        #expect(error?.description.unicodeScalars.contains { $0.value < 0x20 } == false)
    }

    @Test func aLinkOrAMissingFolderIsRefused() throws {
        symlink("/etc/passwd", path + ".lock")
        #expect(throws: StoreError.self) { try RunLock(storePath: path, host: "box") }
        #expect(throws: StoreError.self) { try RunLock(storePath: folder.file("none/x"), host: "box") }
    }
}
