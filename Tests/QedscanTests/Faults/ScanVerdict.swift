import Foundation
import Glibc
import SQLite
import Store
import TestSupport

/// What is wrong with a disturbed scan: nothing if it reported only true results, and the failure.
struct ScanVerdict {
    private let pool: FaultPool
    private let fault: Fault
    private let run: FaultShim.Run
    private let store: String
    private(set) var faults: [String] = []

    /// - Parameter isSettled: whether the store had the results of an undisturbed scan.
    init(_ pool: FaultPool, _ fault: Fault, _ run: FaultShim.Run, store: String, isSettled: Bool) throws {
        self.pool = pool
        self.fault = fault
        self.run = run
        self.store = store
        judgeEnd()
        guard try judgeStore() else { return }
        try judgeImages(isSettled)
    }

    private mutating func judgeEnd() {
        if run.hung { faults.append("it hung") }
        if run.status < 0 || run.status > 63 { faults.append("it ended with \(run.status)") }
    }

    /// False if there is none to look at.
    private mutating func judgeStore() throws -> Bool {
        guard
            let size = try FileManager.default.fileExists(atPath: store)
                ? FileManager.default.attributesOfItem(atPath: store)[.size] as? Int : nil, size > 0
        else {
            if run.status & (8 | 32) == 0 { faults.append("it has no store") }
            return false
        }
        let database = try Database(path: store, mode: .readWrite)
        if try database.scalar("PRAGMA integrity_check") != .text("ok") { faults.append("its store is damaged") }
        if try database.scalar("PRAGMA foreign_key_check") != .null { faults.append("its store has broken references") }
        return try database.scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'latest_check'") == .integer(1)
    }

    private mutating func judgeImages(_ isSettled: Bool) throws {
        let images = try StoredImage.all(in: store)
        for (path, image) in images {
            guard let expected = pool.truth[path] else {
                // A name that could not be read leaves a hard link its other name.
                if image.isKnown, !path.hasSuffix("twin.qed") { faults.append("\(path) is no image") }
                continue
            }
            if image.isKnown, image.outcome != expected.outcome || image.counters != expected.counters {
                faults.append("\(path) is taken for \(image)")
            }
            if isSettled, !image.isPresent, !mayBeGone { faults.append("\(path) is taken for gone") }
            if image.outcome == "incomplete", !image.message.contains(reason) {
                faults.append("\(path) is incomplete and does not say why: \(image.message)")
            }
        }
        judgeWhatIsMissing(images)
    }

    private mutating func judgeWhatIsMissing(_ images: [String: StoredImage]) {
        let missing = pool.truth.keys.filter { images[$0]?.isKnown != true }
        let isSaid = run.status & (8 | 32) != 0 && run.errors.contains { !$0.isWhitespace }
        let areIncomplete = missing.allSatisfy { images[$0] != nil }
        if !missing.isEmpty, !mayBeGone, !isSaid, !(areIncomplete && run.status & 8 != 0) {
            faults.append("nothing is said of \(missing.sorted())")
        }
        if !missing.isEmpty, isOfPool, !mayBeGone, !areIncomplete, !run.errors.contains(reason) {
            faults.append("it does not say '\(reason)' of \(missing.sorted())")
        }
    }

    /// The kernel says so of what is not there any more.
    private var mayBeGone: Bool {
        guard case .error(ENOENT) = fault.action else { return false }
        return ["openat", "open", "fstatat", "lstat", "stat", "statx", "getdents", "realpath"].contains(fault.call)
    }

    private var isOfPool: Bool { run.fired?.contains(" \(pool.fixture.pool)") == true }

    private var reason: String {
        guard case .error(let code) = fault.action else { return "" }
        return String(cString: strerror(code))
    }
}
