import QED

extension Mutation {
    /// A random mutation of an image. If its header is not valid, only the header and the length are changed.
    package static func random(
        for editor: ImageEditor, using random: inout SeededRandom
    ) throws(LabError) -> Mutation {
        let (target, other) = try targets(of: editor, using: &random)
        guard case .integer(_, _, let byteCount) = target else {
            let amount = UInt64.random(in: 1...200_000, using: &random)
            return Mutation(target: target, change: random.pick(.clear, .add(amount), .subtract(amount), .set))
        }
        return try Mutation(
            target: target, change: change(bitCount: UInt64(byteCount * 8), other, editor, using: &random))
    }

    /// What to change, and another entry to copy from.
    private static func targets(
        of editor: ImageEditor, using random: inout SeededRandom
    ) throws(LabError) -> (Target, other: Target?) {
        let roll = Int.random(in: 0..<10, using: &random)
        if roll == 0 { return (.fileLength, nil) }
        guard roll > 2, let sample = try sample(of: editor), !sample.tables.isEmpty else {
            return (field(using: &random), nil)
        }
        let copiesL1 = Bool.random(using: &random)
        return try (
            entry(sample, isL1: roll < 6, using: &random), entry(sample, isL1: copiesL1, using: &random)
        )
    }

    /// nil if the header is not valid.
    private static func sample(of editor: ImageEditor) throws(LabError) -> EntrySample? {
        let header = try editor.header()
        let size = try editor.size()
        do throws(HeaderFault) {
            _ = try Geometry(validating: header, fileSize: size)
        } catch {
            return nil
        }
        return try EntrySample(editor)
    }

    private static func field(using random: inout SeededRandom) -> Target {
        let field = HeaderField.allCases[Int.random(in: 0..<HeaderField.allCases.count, using: &random)]
        return .integer(name: field.rawValue, offset: UInt64(field.offset), byteCount: field.size)
    }

    /// An entry of a table: mostly one in use, sometimes any.
    private static func entry(
        _ sample: EntrySample, isL1: Bool, using random: inout SeededRandom
    ) throws(LabError) -> Target {
        let geometry = sample.geometry
        let table = try sample.table(using: &random)
        let anyIndex = Int.random(in: 0..<geometry.entriesPerTable, using: &random)
        let takesAny = random.chance(0.2)
        if isL1 {
            let index = takesAny ? anyIndex : table.l1Index
            let offset = geometry.offset(ofEntry: index, inTableAt: geometry.l1TableOffset)
            return .integer(name: "l1[\(index)]", offset: offset.rawValue, byteCount: 8)
        }
        let used = try sample.data(of: table).randomElement(using: &random)?.l2Index
        let index = takesAny ? anyIndex : used ?? anyIndex
        let offset = geometry.offset(ofEntry: index, inTableAt: ByteOffset(table.offset))
        return .integer(name: "l2[\(table.l1Index)][\(index)]", offset: offset.rawValue, byteCount: 8)
    }

    private static func change(
        bitCount: UInt64, _ other: Target?, _ editor: ImageEditor, using random: inout SeededRandom
    ) throws(LabError) -> Change {
        if let other, case .integer(let name, let offset, let byteCount) = other, random.chance(0.25) {
            return try .copy(editor.integer(at: offset, byteCount: byteCount), of: name)
        }
        let amount = random.pick(1, 8, 512, 4096, 65536, 1 << 20, UInt64.random(in: 1...1 << 30, using: &random))
        return random.pick(
            .clear, .set, .toggleBit(bitCount - 1 - UInt64.random(in: 0..<8, using: &random)),
            .toggleBit(bitCount / 2 - 4 + UInt64.random(in: 0..<8, using: &random)),
            .toggleBit(UInt64.random(in: 0..<8, using: &random)), .add(amount), .subtract(amount),
            .value(random.next()))
    }
}
