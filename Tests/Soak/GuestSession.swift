import Foundation
import Glibc

/// A guest that has an image open: qemu-io, on the file or as the client of a server.
///
/// It prints a prompt when it has opened the image, and after each command.
final class GuestSession {
    private static let prompt = "qemu-io> "

    let image: PoolImage
    private(set) var opened = Date.now
    private let site: Site
    private let client: RunningProgram
    private let server: RunningProgram?
    private let socket: String?
    private var sent = 0
    private var number = 0

    /// Opens an image that the caller has taken. nil if a repair has it, or if it is too damaged.
    init?(_ image: PoolImage, on site: Site, throughServer: Bool, using random: inout some RandomNumberGenerator) throws
    {
        self.image = image
        self.site = site
        let path = image.path
        if throughServer {
            let socket = "\(site.workshop)/\(UInt32.random(in: 0 ... .max, using: &random)).s"
            let stays = Bool.random(using: &random) ? ["-t"] : []
            server = try RunningProgram(site.nbd, stays + ["-f", "qed", "-k", socket, path])
            self.socket = socket
            guard let server, try GuestSession.wait(for: server, { access(socket, F_OK) == 0 }) else {
                try GuestSession.judge(server, image, site)
                client = try RunningProgram(site.io, ["-h"])
                return nil
            }
            client = try GuestSession.connect(to: socket, of: server, site)
        } else {
            (server, socket) = (nil, nil)
            client = try RunningProgram(site.io, ["-f", "qed", path])
        }
        guard try GuestSession.wait(for: client, { try isReady }) else {
            if let server {
                _ = try GuestSession.wait(for: server, seconds: 2) { false }
                server.signal(SIGTERM)
            }
            try GuestSession.judge(server ?? client, image, site)
            removeSocket()
            return nil
        }
        opened = .now
        number = site.times.sessionBegins(path, inode: try FileState.inode(path))
        site.ledger.count("guest sessions")
        if throughServer { site.ledger.count("guest sessions over NBD") }
    }

    /// A client of a server whose socket is there: it may be a moment before it takes connections.
    private static func connect(to socket: String, of server: RunningProgram, _ site: Site) throws -> RunningProgram {
        let words = ["-f", "raw", "nbd+unix:///?socket=\(socket)"]
        for _ in 0..<100 {
            let client = try RunningProgram(site.io, words)
            if try wait(for: client, { try client.output().contains(prompt) }) { return client }
            guard server.isRunning, try client.errors().contains("Connection refused") else { return client }
            usleep(10_000)
        }
        return try RunningProgram(site.io, words)
    }

    /// Counts a lost race; anything else that keeps a sound image from opening is a violation.
    private static func judge(_ program: RunningProgram?, _ image: PoolImage, _ site: Site) throws {
        guard let run = try program?.end(sent: nil), !site.isRefused(run, image.path) else { return }
        if image.kind == .sound {
            site.violation(.guest, image.path, "a guest cannot open it: \(run.account)")
        } else {
            site.ledger.count("damaged images that QEMU does not open")
        }
    }

    private static func wait(
        for program: RunningProgram, seconds: Double = 120, _ condition: () throws -> Bool
    ) throws -> Bool {
        let deadline = Date.now.addingTimeInterval(seconds)
        while try !condition() {
            guard program.isRunning, Date.now < deadline else { return try condition() }
            usleep(2000)
        }
        return true
    }

    private var isReady: Bool {
        get throws { try client.output().components(separatedBy: GuestSession.prompt).count > sent + 1 }
    }

    /// Sends a command and does not wait.
    func send(_ command: String) {
        client.send(command + "\n")
        sent += 1
    }

    /// Sends a command and waits until it is done; returns what it said, nil if the guest has gone.
    func run(_ command: String) throws -> String? {
        let before = try client.output().utf8.count
        send(command)
        guard try GuestSession.wait(for: client, { try isReady }) else { return nil }
        return String(decoding: try client.output().utf8.dropFirst(before), as: UTF8.self)
    }

    enum Ending: CaseIterable {
        case quit, kill, abort
    }

    /// Notes the time in which it was surely open, then ends it.
    func end(_ ending: Ending) throws {
        site.times.sessionEnds(number)
        site.ledger.count("guest sessions ended by \(ending)")
        image.note("\(ending)\(server == nil ? "" : " of its server")")
        defer { removeSocket() }
        switch ending {
        case .quit: send("quit")
        case .abort where server == nil: send("abort")
        case .abort: server?.signal(SIGABRT)
        case .kill: (server ?? client).signal(SIGKILL)
        }
        client.closeInput()
        _ = try GuestSession.wait(for: client) { false }
        // One that is there for many clients ends when told.
        if let server {
            server.signal(SIGTERM)
            _ = try server.end(sent: SIGTERM)
        }
    }

    private func removeSocket() {
        if let socket { unlink(socket) }
    }
}

extension FileState {
    static func inode(_ path: String) throws -> UInt64 {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw SoakError(reason: "\(path): \(String(cString: strerror(errno)))") }
        return UInt64(status.st_ino)
    }
}
