import Lab
import QED
import Repair

/// Several defects at once, at random, in the bytes of an image.
struct RandomDamage {
    private(set) var bytes: [UInt8]
    private(set) var story: [String] = []
    private var random: SeededRandom
    private let clusterSize: Int
    private let entries: Int
    private let l1Table: Int
    private let tables: [Int]

    init(_ bytes: [UInt8], seed: UInt64) {
        self.bytes = bytes
        random = SeededRandom(seed: seed)
        clusterSize = Int(bytes.word(at: 0) >> 32)
        entries = Int(bytes.word(at: 8) & 0xFFFF_FFFF) * clusterSize / 8
        let l1Table = Int(bytes.word(at: 40))
        self.l1Table = l1Table
        tables = (0..<entries).map { Int(bytes.word(at: l1Table + $0 * 8)) }.filter { $0 != 0 }
        for _ in 0...Int.random(in: 0...6, using: &random) { strike() }
        if Int.random(in: 0..<4, using: &random) == 0 { changeLength() }
        if Int.random(in: 0..<4, using: &random) == 0 { flag() }
    }

    private mutating func strike() {
        let isL1 = Int.random(in: 0..<4, using: &random) == 0
        let table = isL1 ? l1Table : tables.randomElement(using: &random) ?? l1Table
        let near = Int.random(in: 0..<(isL1 ? 6 : 10), using: &random)
        let index = Int.random(in: 0..<8, using: &random) == 0 ? Int.random(in: 0..<entries, using: &random) : near
        for step in 0..<(Int.random(in: 0..<6, using: &random) == 0 ? 4 : 1) where index + step < entries {
            let offset = table + (index + step) * 8
            // The table may have been cut off.
            guard offset + 8 <= bytes.count else { return }
            let value = value(isL1: isL1)
            bytes.setWord(value, at: offset)
            story.append("\(isL1 ? "l1" : "table \(table)")[\(index + step)] = \(value)")
        }
    }

    private mutating func value(isL1: Bool) -> UInt64 {
        let size = UInt64(clusterSize)
        let clusters = UInt64(bytes.count / clusterSize)
        let any = UInt64.random(in: 0..<clusters, using: &random) * size
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return 0
        case 1: return 1
        case 2: return any + UInt64.random(in: 1..<size, using: &random)
        // What a longer file would make valid.
        case 3, 4: return (clusters + UInt64.random(in: 0...6, using: &random)) * size
        case 5: return UInt64.random(in: 0...UInt64.max, using: &random)
        case 6: return UInt64(l1Table)
        case 7: return UInt64(tables.randomElement(using: &random) ?? l1Table)
        case 8: return UInt64(tables.randomElement(using: &random) ?? l1Table) + size
        default: return any
        }
    }

    private mutating func changeLength() {
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            let lost = Int.random(in: 1...min(3 * clusterSize, bytes.count - 2 * clusterSize), using: &random)
            bytes.removeLast(lost)
        case 1: bytes.removeLast(Int.random(in: 1..<clusterSize, using: &random))
        default:
            let count = Int.random(in: 1...3 * clusterSize, using: &random)
            bytes += [UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: count)
        }
        story.append("length \(bytes.count)")
    }

    private mutating func flag() {
        let (field, value): (Int, UInt64) =
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1: (16, bytes.word(at: 16) | 2)
            case 2: (32, 1 << UInt64.random(in: 0..<64, using: &random))
            default: (24, 1 << UInt64.random(in: 0..<64, using: &random))
            }
        bytes.setWord(value, at: field)
        story.append("header \(field) = \(value)")
    }
}
