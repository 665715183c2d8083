import FuzzDriver

/// A whole image, of up to 8 EiB, most of it holes.
///
/// An input is the file's length, 8 bytes, and then pieces: one byte says what, 8 bytes where, and the rest depends.
@main
enum ImageFuzzer: FuzzTarget {
    /// Words that one input may write.
    private static let wordLimit = 10_000

    static func run(_ input: FuzzInput) {
        var input = input
        let choice: UInt8 = input.integer()
        let size = input.integer(UInt64.self) & UInt64(Int64.max)
        var image = SparseSource(size: size)
        var words = 0
        while !input.isEmpty, words < wordLimit { words += writePiece(&input, to: &image) }
        _ = CheckComparison(image)
        // Its many checks of so large a file take seconds each.
        guard size < 1 << 56 else { return }
        RepairTrial.run(image, choice: choice)
    }

    /// Returns how many words were written.
    private static func writePiece(_ input: inout FuzzInput, to image: inout SparseSource) -> Int {
        let kind: UInt8 = input.integer()
        let place: UInt64 = input.integer()
        switch kind & 1 {
        case 0:
            let count = Int(input.integer(UInt8.self))
            image.write(input.bytes(count), at: place)
            return count / 8 + 1
        default:
            // Words that grow from one to the next: a table full of references.
            let count = input.integer(UInt16.self) % 4096
            let (first, step): (UInt64, UInt64) = (input.integer(), input.integer())
            image.write(words: (0..<UInt64(count)).map { first &+ step &* $0 }, at: place)
            return Int(count) + 1
        }
    }
}
