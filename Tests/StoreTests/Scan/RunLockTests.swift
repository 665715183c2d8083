import Glibc
import TestSupport
import Testing

@testable import Store

/// One command at a time works on a store.
@Suite(.endsInTime) struct RunLockTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.file("store.db") }

    init() throws { directory = try TemporaryDirectory() }

    @Test func theSecondCommandIsToldWhoHoldsTheLock() throws {
        let lock = try RunLock(storePath: path, host: "box")
        let error = #expect(throws: StoreError.self) { try RunLock(storePath: path, host: "box") }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("\(path) is in use by another command: process \(getpid()) on box, since 2"))
        #expect(text.hasSuffix(" UTC"))
        withExtendedLifetime(lock) {}
    }

    @Test func theLockIsFreeAfterwards() throws {
        for _ in 0..<3 { withExtendedLifetime(try take(patience: .seconds(60))) {} }
    }

    @Test func storesDoNotDisturbEachOther() throws {
        let first = try RunLock(storePath: path, host: "box")
        let second = try RunLock(storePath: path + "2", host: "box")
        withExtendedLifetime((first, second)) {}
    }

    @Test func aDeadProcessLosesTheLock() async throws {
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

    @Test func aLinkOrAMissingDirectoryIsRefused() throws {
        symlink("/etc/passwd", path + ".lock")
        #expect(throws: StoreError.self) { try RunLock(storePath: path, host: "box") }
        #expect(throws: StoreError.self) { try RunLock(storePath: directory.file("none/x"), host: "box") }
    }

    private func take(
        patience: Duration, isCancelled: @escaping () -> Bool = { false }, onWait: (String) -> Void = { _ in }
    ) throws -> RunLock {
        try RunLock.take(
            storePath: path, host: "box", patience: patience, isCancelled: isCancelled, onWait: onWait)
    }

    @Test func aWaitingCommandGetsTheLockWhenItIsFree() throws {
        var lock: RunLock? = try RunLock(storePath: path, host: "first")
        var told: [String] = []
        let second = try take(
            patience: .seconds(3600),
            onWait: { holder in
                told.append(holder)
                // Given up while the other waits.
                lock = nil
            })
        #expect(told.count == 1)
        #expect(told.first?.contains("process \(getpid()) on first") == true)
        #expect(throws: StoreError.self) { try RunLock(storePath: path, host: "box") }
        withExtendedLifetime((lock, second)) {}
    }

    @Test func theWaitEndsWithItsTimeOrACancellation() throws {
        let lock = try RunLock(storePath: path, host: "first")
        #expect(throws: StoreError.self) { try take(patience: .milliseconds(1)) }
        var waits = 0
        #expect(throws: StoreError.self) { try take(patience: .zero, onWait: { _ in waits += 1 }) }
        #expect(waits == 0)
        var questions = 0
        #expect(throws: StoreError.self) {
            try take(
                patience: .seconds(3600),
                isCancelled: {
                    questions += 1
                    return questions > 2
                })
        }
        #expect(questions == 3)
        withExtendedLifetime(lock) {}
    }

    @Test func theHolderIsKnownAndNotDisturbed() async throws {
        #expect(try RunLock.holder(storePath: path) == nil, "there is no file")
        var lock: RunLock? = try RunLock(storePath: path, host: "box")
        for _ in 0..<2 {
            #expect(try RunLock.holder(storePath: path)?.hasPrefix("process \(getpid()) on box, since 2") == true)
        }
        #expect(throws: StoreError.self) { try RunLock(storePath: path, host: "box") }
        withExtendedLifetime(lock) {}
        lock = nil
        // A program that is being started by another test has the descriptor until its exec(2).
        #expect(try await eventually(within: 60) { try RunLock.holder(storePath: path) == nil })
    }
}
