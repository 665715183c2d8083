import Foundation
import Glibc
import Lab

extension Site {
    /// Makes an image with qemu-img, and adds it to the pool.
    func create(_ kind: PoolImage.Kind, using random: inout SeededRandom) throws {
        let path = "\(pool)/\(Bool.random(using: &random) ? "a" : "b")/\(images.newName(kind))"
        let base =
            kind == .sound && Int.random(in: 0..<4, using: &random) == 0
            ? images.images.filter { $0.kind == .base }.randomElement(using: &random) : nil
        var disk = base?.disk ?? GuestDisk(blockCount: Int.random(in: 64...512, using: &random))
        // Some images are moved into the pool when they are complete, some grow there.
        let place = Bool.random(using: &random) ? path : "\(workshop)/\(URL(filePath: path).lastPathComponent)"
        try makeImage(at: place, disk: &disk, base: base?.path, isFilled: kind != .sound, using: &random)
        if place != path { guard rename(place, path) == 0 else { throw SoakError(reason: "rename to \(path)") } }
        images.add(PoolImage(kind: kind, path: path, disk: disk, backing: base?.path))
        ledger.count("images made")
    }

    private func makeImage(
        at path: String, disk: inout GuestDisk, base: String?, isFilled: Bool, using random: inout SeededRandom
    ) throws {
        let cluster = [4096, 16384, 65536].randomElement(using: &random) ?? 65536
        let table = [2, 4].randomElement(using: &random) ?? 4
        var words = ["create", "-q", "-f", "qed", "-o", "cluster_size=\(cluster),table_size=\(table)"]
        if let base { words += ["-b", base, "-F", "qed"] }
        try require(img.run(words + [path] + (base == nil ? ["\(disk.size)"] : [])))
        guard isFilled else { return }
        var writes: [String] = []
        for _ in 0..<Int.random(in: 2...20, using: &random) {
            let range = disk.range(upTo: 24, using: &random)
            let value = UInt8.random(in: 1...255, using: &random)
            disk.write(value, to: range)
            writes += ["-c", "write -q -P \(value) \(Site.bytes(range))"]
        }
        try require(io.run(["-f", "qed"] + writes + [path]))
    }

    /// Offset and length of blocks, as qemu-io takes them.
    static func bytes(_ range: Range<Int>) -> String {
        "\(range.lowerBound * GuestDisk.blockSize) \(range.count * GuestDisk.blockSize)"
    }

    private func require(_ run: Run) throws {
        // A new image may meet no repair: the store does not know it.
        guard run.status == 0 else { throw SoakError(reason: run.account) }
    }

    /// What the guest reads, all of it. nil if a repair has the image for longer than we wait.
    ///
    /// - Parameter salvages: what cannot be read is zero.
    func guestContents(_ image: String, salvages: Bool = false) throws -> (Run, Data?)? {
        let copy = "\(scratch)/\(UUID().uuidString).raw"
        defer { unlink(copy) }
        for _ in 0..<100 {
            let words = ["convert", "-q"] + (salvages ? ["--salvage"] : []) + ["-f", "qed", "-O", "raw", image, copy]
            let run = try img.run(words)
            if isRefused(run, image) {
                usleep(50_000)
                continue
            }
            return (run, run.status == 0 ? try Data(contentsOf: URL(filePath: copy)) : nil)
        }
        return nil
    }

    /// Compares what the guest of a taken image reads with what it must. An image with corruptions is not looked at.
    func verifyGuest(of image: PoolImage) throws {
        guard let disk = image.disk, let (run, contents) = try guestContents(image.path) else { return }
        guard let contents else {
            violation(.guest, image.path, "it cannot be read: \(run.account)")
            image.change { $0.disk = nil }
            return
        }
        ledger.count("disks read and compared")
        image.note("read and compared")
        if let difference = disk.difference(from: contents) {
            violation(.guest, image.path, "\(difference)\n  " + image.state.history.joined(separator: "\n  "))
            // Said once.
            image.change { $0.disk = nil }
        }
    }
}
