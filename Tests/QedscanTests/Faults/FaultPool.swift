import Foundation
import Glibc
import Lab
import QED
import SQLite
import Store
import TestSupport
import Testing

/// A small pool with an image of each kind, what is true of it, and scans of it in which calls fail.
final class FaultPool: Sendable {
    let fixture: ScanFixture
    /// Of the undisturbed scan, by path.
    let truth: [String: StoredImage]
    let truthStatus: Int32
    /// A store with the results of the undisturbed scan.
    let settledStore: String

    init() async throws {
        fixture = try ScanFixture()
        for directory in ["sub/deep", "bases", "empty"] { _ = try fixture.directory.makeDirectory("pool/\(directory)") }
        try fixture.addDamaged("sound.qed", [])
        try fixture.addDamaged("corrupt.qed", [.l2(0, 1, 1 << 40), .l2(0, 2, 3 * 4096)])
        try fixture.addDamaged("sub/leaking.qed", [.length(14 * 4096)])
        try fixture.addDamaged("sub/deep/dirty.qed", [.field(.features, 2)])
        try fixture.addDamaged("sub/deep/corrupt.qed", [.l2(1, 3, 1 << 40)])
        try fixture.addDamaged("bases/base.qed", [])
        try fixture.addDamaged("overlay.qed", [], backing: "bases/base.qed")
        try fixture.addDamaged("sub/unsupported.qed", [.field(.features, 1 << 40)])
        try #require(link("\(fixture.pool)/sound.qed", "\(fixture.pool)/sub/twin.qed") == 0)
        _ = try fixture.directory.write("no image".utf8, to: "pool/text")
        // Their results can be reused only then.
        try await fixture.ageImages()
        settledStore = fixture.store
        let scan = try await fixture.run("scan", "-j", "0", fixture.pool)
        truthStatus = scan.status
        truth = try StoredImage.all(in: fixture.store)
        try #require(truthStatus == 2 | 4 | 8 && truth.count == 8, "\(scan)")
    }

    /// A new store for a run: none yet, or a copy of the undisturbed one.
    func newStore(_ isSettled: Bool) throws -> String {
        let store = fixture.directory.file("fault.db")
        for suffix in ["", "-wal", "-shm", "-journal", ".lock"] { unlink(store + suffix) }
        if isSettled { try FileManager.default.copyItem(atPath: settledStore, toPath: store) }
        return store
    }

    func shim(on path: String? = nil) -> FaultShim {
        FaultShim(fixture.tool, on: path ?? fixture.directory.path, environment: fixture.environment)
    }

    func arguments(_ store: String, jobs: Int) -> [String] {
        ["--db", store, "scan", "-j", String(jobs), fixture.pool]
    }
}

/// What a store says of an image.
struct StoredImage: Equatable {
    let outcome: String
    let isPresent: Bool
    /// Leaks, corruptions, allocated clusters.
    let counters: [SQLiteValue]
    let message: String

    /// Whether it claims to know all of the image.
    var isKnown: Bool { !["incomplete", "in_use", "changing"].contains(outcome) }

    /// By path.
    static func all(in store: String) throws -> [String: StoredImage] {
        let database = try Database(path: store, mode: .readWrite)
        let statement = try database.prepare(
            "SELECT path, outcome, present, leaks, corruptions, allocated_clusters, message FROM latest_check")
        var images: [String: StoredImage] = [:]
        while try statement.step() {
            let row = try statement.row()
            guard case .text(let path) = row[0], case .text(let outcome) = row[1] else { continue }
            var message = ""
            if case .text(let text) = row[6] { message = text }
            images[path] = StoredImage(
                outcome: outcome, isPresent: row[2] == .integer(1), counters: Array(row[3...5]), message: message)
        }
        return images
    }
}
