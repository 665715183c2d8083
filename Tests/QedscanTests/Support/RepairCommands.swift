import Files
import Foundation
import Glibc
import Lab
import QED
import SQLite
import Store
import TestSupport
import Testing

/// What tests of repairs need besides a pool and a store.
extension ScanFixture {
    /// An entry past the end, a shared cluster, a last cluster that is only partly there, and dirty. A repair leaves two
    /// leaks: what the two entries should have referred to.
    static let manyFaults: [ImageEdit] = [
        .l2(0, 1, 1 << 40), .l2(0, 2, 3 * 4096), .length(12 * 4096 - 1000), .field(.features, 2),
    ]

    /// Writes an image of 12 clusters with data: header, L1 table, L2 table 2, data 3-6, L2 table 7, data 8-11.
    @discardableResult
    func addDamaged(
        _ name: String = "disk.qed", _ edits: [ImageEdit] = ScanFixture.manyFaults, backing: String? = nil
    ) throws -> String {
        try write(RawPath("\(pool)/\(name)"), edits, backing: backing)
        return "\(pool)/\(name)"
    }

    func write(_ path: RawPath, _ edits: [ImageEdit], backing: String? = nil) throws {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 4 << 20
        plan.guestClusters = .firstOfEachTable(4)
        plan.writesData = true
        plan.backingFilename = backing
        try ImageWriter(plan).write(to: path)
        let editor = try ImageEditor(path: path)
        for edit in edits { try edit.apply(to: editor) }
    }

    /// Repairs without waiting and without a question.
    func repair(_ arguments: String...) async throws -> Tool.Result {
        try await run(["repair", "--yes", "--settle", "0s"] + arguments)
    }

    func undo(_ arguments: String...) async throws -> Tool.Result {
        try await run(["undo", "--yes", "--settle", "0s"] + arguments)
    }

    func scan(_ arguments: String...) async throws -> Tool.Result { try await run(["scan"] + arguments + [pool]) }

    /// The first value that a question gives, asked by ourselves: a store that a killed program left has to be mended
    /// first, which only a writer may do.
    func value(_ sql: String) throws -> SQLiteValue {
        let database = try Database(path: store, mode: .readWrite)
        return try database.scalar(sql)
    }
}

/// All of a file that a command must leave as it is.
struct FileState: Equatable {
    let bytes: Data
    /// Inode, and the times of the last change of contents and of status.
    let status: [Int]

    init(_ path: String) throws {
        bytes = try Data(contentsOf: URL(filePath: path))
        var status = stat()
        try #require(stat(path, &status) == 0, "stat \(path): errno \(errno)")
        self.status = [
            Int(status.st_ino), status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
            status.st_ctim.tv_nsec,
        ]
    }
}
