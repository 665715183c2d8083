import Corpus
import Foundation
import Lab
import QED
import Repair
import TestSupport

/// Images for repairs, as bytes.
enum TestImage {
    /// Longer files are all holes and have no usable header.
    private static let longest = 64 << 20

    /// The bytes of a case, with data in its clusters that tells them apart; nil if its header cannot be used.
    static func bytes(
        of corpusCase: CorpusCase, change: (inout ImagePlan) -> Void = { _ in }
    ) throws -> [UInt8]? {
        var plan = corpusCase.plan
        plan.writesData = true
        plan.seed = 7
        change(&plan)
        guard let bytes = try bytes(of: plan, corpusCase.edits) else { return nil }
        let report = Checker().check(MemoryStorage(bytes))
        return report.fault == nil || report.fault?.kind == .l1TableTruncated ? bytes : nil
    }

    static func bytes(of plan: ImagePlan, _ edits: [ImageEdit] = []) throws -> [UInt8]? {
        let scratch = try TemporaryDirectory()
        try ImageWriter(plan).write(to: scratch.file())
        let editor = try ImageEditor(path: scratch.file())
        for edit in edits { try edit.apply(to: editor) }
        guard try editor.size() <= longest else { return nil }
        return Array(try scratch.contents())
    }

    /// 12 clusters: header, L1, table 2, data 3-6, table 7, data 8-11.
    static func small(_ edits: ImageEdit..., change: (inout ImagePlan) -> Void = { _ in }) throws -> [UInt8] {
        var plan = ImagePlan()
        plan.clusterSize = 4096
        plan.tableSize = 1
        plan.imageSize = 4 << 20
        plan.guestClusters = .firstOfEachTable(4)
        plan.writesData = true
        plan.seed = 7
        change(&plan)
        return try bytes(of: plan, edits) ?? []
    }
}

extension RepairOptions {
    static func with(
        _ added: RepairAction..., invalid: InvalidEntries = .unallocate, savesLeaked: Bool = false
    ) -> RepairOptions {
        var options = RepairOptions()
        options.actions.formUnion(added)
        options.invalidEntries = invalid
        options.savesLeaked = savesLeaked
        return options
    }

    /// Default, and each thing that can be asked for.
    static let variants: [RepairOptions] = [
        .with(), .with(.cloneTables, .clearAutoclear), .with(.reclaimLeaks),
        .with(.reclaimLeaks, .cloneTables, savesLeaked: true), .with(invalid: .zero), .with(invalid: .keep),
        .with(.cloneTables, invalid: .zero), .with(.cloneTables, invalid: .keep),
    ]
}
