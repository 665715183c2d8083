/// One random change to a header field, an L1 or L2 entry, or the file's length. Its description says how to repeat it.
package struct Mutation: Hashable, Sendable {
    /// What is changed.
    package enum Target: Hashable, Sendable {
        /// An integer of 4 or 8 bytes at an offset of the file, and its name.
        case integer(name: String, offset: UInt64, byteCount: Int)
        case fileLength
    }

    package enum Change: Hashable, Sendable {
        case clear
        /// Every bit.
        case set
        case toggleBit(UInt64)
        case add(UInt64)
        case subtract(UInt64)
        case value(UInt64)
        /// The value of another entry, and the name of that entry.
        case copy(UInt64, of: String)
    }

    /// How many bytes a mutation may add to a file.
    private static let longestExtension: UInt64 = 16 << 20

    package let target: Target
    package let change: Change

    package init(target: Target, change: Change) {
        self.target = target
        self.change = change
    }

    package func apply(to editor: ImageEditor) throws(LabError) {
        switch target {
        case .integer(_, let offset, let byteCount):
            let old = try editor.integer(at: offset, byteCount: byteCount)
            try editor.write(changed(old), at: offset, byteCount: byteCount)
        case .fileLength:
            let size = try editor.size()
            try editor.truncate(to: changed(size) % (size + Mutation.longestExtension))
        }
    }

    /// The new value for an old one. Values wrap around as they would in the file.
    func changed(_ old: UInt64) -> UInt64 {
        switch change {
        case .clear: 0
        case .set: .max
        case .toggleBit(let bit): old ^ (1 << (bit & 63))
        case .add(let amount): old &+ amount
        case .subtract(let amount): old &- amount
        case .value(let value), .copy(let value, _): value
        }
    }
}

extension Mutation: CustomStringConvertible {
    package var description: String {
        let name =
            switch target {
            case .integer(let name, let offset, _): "\(name) at \(offset)"
            case .fileLength: "the file's length"
            }
        return switch change {
        case .clear: "\(name): clear"
        case .set: "\(name): set"
        case .toggleBit(let bit): "\(name): toggle bit \(bit)"
        case .add(let amount): "\(name): add \(amount)"
        case .subtract(let amount): "\(name): subtract \(amount)"
        case .value(let value): "\(name): 0x\(String(value, radix: 16))"
        case .copy(let value, let other): "\(name): 0x\(String(value, radix: 16)), as \(other)"
        }
    }
}
