import Foundation
import Glibc
import SQLite
import Store
import TestSupport
import Testing

/// The program on a machine of another name.
struct Machine: Sendable {
    let name: String
    let fixture: ScanFixture

    /// Not for ordinary users, and not in every sandbox.
    static let isPossible: Bool = {
        guard geteuid() == 0, let unshare = Tool("unshare") else { return false }
        do {
            return try unshare.runBlocking(words("a-machine") + ["uname", "-n"]).output == "a-machine\n"
        } catch {
            return false
        }
    }()

    private static func words(_ name: String) -> [String] {
        ["--uts", "sh", "-c", "echo \"$0\" > /proc/sys/kernel/hostname && exec \"$@\"", name]
    }

    func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> Tool.Result {
        let unshare = try #require(Tool("unshare"))
        return try await unshare.run(
            Machine.words(name) + [fixture.tool.path] + arguments,
            environment: fixture.environment.merging(environment) { $1 })
    }
}

extension ScanFixture {
    /// The name under which the store knows this machine.
    static let thisMachine: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()

    /// Scans the pool into a separate store, which then looks as if another machine had made it.
    ///
    /// - Parameter host: whose the images are; the machine's own if nil.
    @discardableResult
    func scanElsewhere(_ store: String, node: String, host: String? = nil, _ options: String...) async throws -> String
    {
        let path = directory.file(store)
        let scan = try await run(["scan", "--db", path] + options + [pool])
        try #require(scan.status & ~7 == 0, "\(scan.errors)")
        try giveAway(path, to: node, host: host)
        return path
    }

    /// Makes a store as if another machine had made it.
    func giveAway(_ store: String, to node: String, host: String? = nil) throws {
        try Database(path: store, mode: .readWrite).execute(
            """
            UPDATE scan SET node = '\(node)', host = '\(host ?? node)';
            UPDATE image SET host = '\(host ?? node)';
            """)
    }

    /// Merges stores, and gives the path of what they became.
    @discardableResult
    func merge(_ stores: [String], into name: String = "all.db") async throws -> String {
        let path = directory.file(name)
        let merge = try await run(["store", "merge", path] + stores)
        try #require(merge.status == 0, "\(merge.errors)")
        return path
    }
}
