import Files
import Glibc
import Lab
import QED

/// A tree of images, other files and links, the same for the same seed.
struct RandomTree {
    private let pool: Pool
    private var random: SeededRandom
    private var images: [RawPath] = []

    init(in pool: Pool, seed: UInt64) throws {
        self.pool = pool
        random = SeededRandom(seed: seed)
        try fill(pool.root, depth: 0)
    }

    private mutating func fill(_ directory: RawPath, depth: Int) throws {
        for number in 0..<Int.random(in: 2...8, using: &random) {
            let path = directory.appending(name() + Array("-\(number)".utf8))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4: try addImage(path)
            case 4: try RandomTree.write(Array("no image".utf8), to: path)
            case 5: try RandomTree.write([], to: path)
            case 6: _ = path.withCString { symlink("..", $0) }
            case 7:
                if let image = images.randomElement(using: &random) {
                    _ = image.withCString { old in path.withCString { link(old, $0) } }
                }
            default:
                _ = path.withCString { mkdir($0, 0o755) }
                if depth < 3 { try fill(path, depth: depth + 1) }
            }
        }
    }

    private mutating func addImage(_ path: RawPath) throws {
        try ImageWriter(Pool.plan).write(to: path)
        if Bool.random(using: &random), let defect = Defect.allCases.randomElement(using: &random) {
            try defect.apply(to: ImageEditor(path: path), using: &random)
        }
        images.append(path)
    }

    /// Any bytes but a NUL and a slash.
    private mutating func name() -> [UInt8] {
        (0..<Int.random(in: 1...12, using: &random)).map { _ in
            let byte = UInt8.random(in: 1...255, using: &random)
            return byte == UInt8(ascii: "/") ? UInt8(ascii: "_") : byte
        }
    }

    private static func write(_ bytes: [UInt8], to path: RawPath) throws {
        let descriptor = path.withCString { open($0, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw SystemError.last("open") }
        defer { close(descriptor) }
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
