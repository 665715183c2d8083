import Lab
import TestSupport
import Testing

@testable import QED

/// The fast pass over tables of every mixture, against a count of one entry after the other.
@Suite struct FastPassTests {
    /// 4 KiB clusters, tables of one cluster.
    private static let geometry: Geometry = {
        var header = Header()
        header.clusterSize = 4096
        header.tableSize = 1
        header.l1TableOffset = ByteOffset(4096)
        header.imageSize = 512 * 512 * 4096
        do throws(HeaderFault) {
            return try Geometry(validating: header, fileSize: 1 << 30)
        } catch {
            fatalError("\(error)")
        }
    }()

    /// What the format says, one entry at a time.
    private struct Expected {
        var counts = EntryCounts()
        var isSound = true
        private var last: UInt64 = 0
        private var seen: Set<UInt64> = []

        mutating func add(_ value: UInt64) {
            guard value > 1 else {
                counts.zero += value
                return
            }
            counts.allocated += 1
            if last != 0, value != last &+ 4096 { counts.fragmented += 1 }
            last = value
            isSound = isSound && value % 4096 == 0 && value >= 4096 && value < 1 << 30 && seen.insert(value).inserted
        }
    }

    /// A table of stretches: holes, zero clusters, runs, disorder, and any of them mixed.
    private func entries(using random: inout SeededRandom) -> [UInt64] {
        // Runs are in the upper half of the file, downwards; all others in the lower half.
        var free = Set((0..<600).map { _ in UInt64.random(in: 2..<1 << 17, using: &random) }).sorted()
        free.shuffle(using: &random)
        var runStart = UInt64(1 << 18)
        var entries: [UInt64] = []
        while entries.count < 512 {
            let length = Int.random(in: 1...40, using: &random)
            let kind = Int.random(in: 0..<5, using: &random)
            if kind == 2 {
                let clusters = runStart - UInt64(length)..<runStart
                runStart = clusters.lowerBound - UInt64.random(in: 0...1, using: &random)
                entries += clusters.map { $0 << 12 }
            } else {
                for _ in 0..<length {
                    switch kind == 4 ? Int.random(in: 0..<4, using: &random) : kind {
                    case 0: entries.append(0)
                    case 1: entries.append(1)
                    default:
                        if let cluster = free.popLast() { entries.append(cluster << 12) }
                    }
                }
            }
        }
        return Array(entries.prefix(512))
    }

    private func pass(_ entries: [UInt64], in piece: Int) -> FastPass<DirectMarks> {
        let geometry = FastPassTests.geometry
        let map = ClusterMap(clusterCount: geometry.fileClusters, budget: MemoryBudget(limit: 1 << 20))
        var pass = FastPass(geometry: geometry, marks: DirectMarks(map), claimsL1Table: false)
        entries.withUnsafeBufferPointer { entries in
            for first in stride(from: 0, to: entries.count, by: piece) {
                let part = UnsafeBufferPointer(rebasing: entries[first..<min(first + piece, entries.count)])
                pass.visitL2Entries(part, at: first, of: 0)
            }
        }
        pass.finish()
        return pass
    }

    @Test func soundTablesAreCounted() {
        var random = SeededRandom(seed: Seed.value)
        for _ in 0..<50 {
            let entries = entries(using: &random)
            var expected = Expected()
            for entry in entries { expected.add(entry) }
            #expect(expected.isSound)
            // In pieces as they are read, of which none needs to be a whole number of blocks.
            for piece in [512, 128, 100, 13] {
                let pass = pass(entries, in: piece)
                #expect(!pass.isFinished)
                #expect(pass.counts == expected.counts)
                #expect(pass.usedClusters == expected.counts.allocated)
            }
        }
    }

    /// One entry made wrong, or the same as another, anywhere in the table.
    @Test func oneWrongEntryIsNoticed() {
        var random = SeededRandom(seed: Seed.value)
        var wrongCount = 0
        for _ in 0..<600 {
            var entries = entries(using: &random)
            let place = Int.random(in: 0..<entries.count, using: &random)
            let other = entries[Int.random(in: 0..<entries.count, using: &random)]
            let wrong = [
                2, 4095, 512, 1 << 30, (1 << 30) + 4096, 1 << 63, .max, .max - 4095, entries[place] ^ 8, other, other,
                entries[place] &+ 4096, entries[place] | 1 << 40,
            ]
            entries[place] = wrong[Int.random(in: wrong.indices, using: &random)]
            var expected = Expected()
            for entry in entries { expected.add(entry) }
            for piece in [512, 100] {
                let pass = pass(entries, in: piece)
                #expect(pass.isFinished == !expected.isSound, "entry \(place) is \(entries[place])")
                if expected.isSound { #expect(pass.counts == expected.counts) }
            }
            wrongCount += expected.isSound ? 0 : 1
        }
        #expect(wrongCount > 200)
    }
}
