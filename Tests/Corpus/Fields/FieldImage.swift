import Foundation
import Lab
import QED

/// The bytes of a layout, and its fields.
package struct FieldImage: Sendable {
    package let bytes: [UInt8]
    /// Those of the header, and entries other than 0.
    package let usedFields: [Field]
    /// Entries that are 0.
    package let unusedFields: [Field]
    private let clusterSize: UInt64

    /// - Parameter path: where the layout was written. Its header is valid.
    package init(path: String) throws {
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        let clusterSize = bytes.integer(at: 4, byteCount: 4)
        let tableSize = Int(bytes.integer(at: 8, byteCount: 4) * clusterSize)
        let l1Table = Int(bytes.integer(at: 40, byteCount: 8))
        var fields = HeaderField.allCases.map { Field.header($0) }
        // A table that overlaps another one has no entries to itself.
        var usedClusters: Set<Int> = []
        for l1Index in 0..<tableSize / 8 {
            fields.append(.l1(l1Index, offset: l1Table + l1Index * 8))
            let table = Int(bytes.integer(at: l1Table + l1Index * 8, byteCount: 8))
            let clusters = stride(from: table, to: table + tableSize, by: Int(clusterSize))
            guard table != 0, usedClusters.isDisjoint(with: clusters) else { continue }
            usedClusters.formUnion(clusters)
            fields += (0..<tableSize / 8).map { .l2(l1Index, $0, offset: table + $0 * 8) }
        }
        func isUsed(_ field: Field) -> Bool {
            if case .header = field { return true }
            return bytes.integer(at: field.offset, byteCount: 8) != 0
        }
        usedFields = fields.filter { isUsed($0) }
        unusedFields = fields.filter { !isUsed($0) }
        self.bytes = bytes
        self.clusterSize = clusterSize
    }

    /// Each change of each field in use, and of so many of the unused entries: all changes of all of them with nil. What
    /// would change nothing is left out.
    package func cases(unused: Int?, seed: UInt64) -> [FieldCase] {
        let used = usedFields.flatMap { field in FieldChange.allCases.compactMap { makeCase(field, $0, seed: seed) } }
        guard let unused, !unusedFields.isEmpty else {
            return used
                + unusedFields.flatMap { field in FieldChange.allCases.compactMap { makeCase(field, $0, seed: seed) } }
        }
        var random = SeededRandom(seed: seed)
        let sample = (0..<unused).compactMap { _ -> FieldCase? in
            guard let field = unusedFields.randomElement(using: &random),
                let change = FieldChange.allCases.randomElement(using: &random)
            else { return nil }
            return makeCase(field, change, seed: seed)
        }
        return used + sample
    }

    /// nil if the change changes nothing.
    private func makeCase(_ field: Field, _ change: FieldChange, seed: UInt64) -> FieldCase? {
        let before = bytes.integer(at: field.offset, byteCount: field.byteCount)
        let after = change.changed(before, of: field, in: self, seed: seed)
        return before == after ? nil : FieldCase(field: field, change: change, before: before, after: after)
    }

    /// What is added to a field and subtracted: enough to make another meaning of it.
    func unit(of field: Field) -> UInt64 {
        switch field {
        case .header(.l1TableOffset), .l1, .l2: clusterSize
        case .header(.imageSize): 512
        case .header: 1
        }
    }

    /// The same for the same seed and field.
    func randomValue(of field: Field, seed: UInt64) -> UInt64 {
        var random = SeededRandom(seed: seed &+ UInt64(field.offset) &* 0xD1B5_4A32_D192_ED03)
        let any = random.next()
        return any & 1 == 0 ? any : (any >> 1) % (UInt64(bytes.count) / clusterSize + 1) * clusterSize
    }
}

/// How many cases are tried, as the environment asks: `QEDSCAN_FIELD_CASES=all`, or a number of unused entries for each
/// layout.
package enum FieldSample {
    /// nil for all.
    package static func unused(_ usual: Int) -> Int? {
        let asked = ProcessInfo.processInfo.environment["QEDSCAN_FIELD_CASES"]
        return asked == "all" ? nil : asked.flatMap { Int($0) } ?? usual
    }
}
