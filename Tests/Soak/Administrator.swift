import Foundation
import Glibc
import Lab

/// What is done to a taken image from outside: qemu-img's commands, and what happens to files.
struct Administrator {
    let site: Site
    var random: SeededRandom

    mutating func act(on image: PoolImage) throws {
        let steps: [(inout Administrator) throws -> Void] = [
            { try $0.resize(image) }, { try $0.check(image) }, { try $0.rebase(image) }, { try $0.move(image) },
            { try $0.link(image) }, { try $0.replace(image) }, { try $0.remove(image) },
        ]
        let step = steps[Int.random(in: 0..<steps.count, using: &random)]
        // Of an image that we do not know only files are moved and removed.
        if image.kind != .sound || image.disk == nil {
            return random.chance(0.5) ? try move(image) : try remove(image)
        }
        try step(&self)
    }

    /// Runs qemu-img on an image that is sound; false if a repair has it.
    private func qemu(_ image: PoolImage, _ words: [String], statuses: Set<Int32> = [0]) throws -> Bool {
        let run = try site.img.run(words)
        if site.isRefused(run, image.path) { return false }
        site.ledger.count("qemu-img \(words[0])")
        image.note("\(run.words.joined(separator: " ")): \(run.status)")
        guard statuses.contains(run.status) else {
            site.violation(.guest, image.path, run.account)
            return false
        }
        return true
    }

    private mutating func resize(_ image: PoolImage) throws {
        guard let disk = image.disk, disk.blocks.count < 600 else { return }
        // QEMU cannot let an overlay grow that is smaller than its base.
        let base = site.images.images.first { $0.path == image.state.backing }
        guard base.map({ ($0.disk?.size ?? .max) <= disk.size }) ?? true else { return }
        let blocks = Int.random(in: 1...32, using: &random)
        let size = disk.size + blocks * GuestDisk.blockSize
        guard try qemu(image, ["resize", "-q", "-f", "qed", image.path, "\(size)"]) else { return }
        image.change { $0.disk?.grow(by: blocks) }
    }

    /// QEMU's own repair, which leaves leaks.
    private mutating func check(_ image: PoolImage) throws {
        _ = try qemu(
            image, ["check", "-q", "-f", "qed", "-r", random.pick("all", "leaks"), image.path], statuses: [0, 3])
    }

    /// Gives an overlay another base, or none; its guest sees no difference.
    private mutating func rebase(_ image: PoolImage) throws {
        guard let backing = image.state.backing, let disk = image.disk else { return }
        let others = site.images.images.filter {
            $0.kind == .base && $0.path != backing && ($0.disk?.size ?? .max) >= disk.size
        }
        let other = random.chance(0.3) ? nil : others.randomElement(using: &random)
        let options = other.map { ["-b", $0.path, "-F", "qed"] } ?? ["-b", ""]
        guard try qemu(image, ["rebase", "-f", "qed"] + options + [image.path]) else { return }
        image.change { $0.backing = other?.path }
    }

    private mutating func move(_ image: PoolImage) throws {
        let name = URL(filePath: image.path).lastPathComponent
        let path =
            "\(site.pool)/\(random.pick("a", "b"))/\(random.chance(0.5) ? name : site.images.newName(image.kind))"
        guard path != image.path, access(path, F_OK) != 0, rename(image.path, path) == 0 else { return }
        image.change { $0.path = path }
        site.ledger.count("images moved")
    }

    /// A second name, or one less.
    private mutating func link(_ image: PoolImage) throws {
        if let other = image.state.link {
            unlink(other)
            image.change { $0.link = nil }
        } else {
            let other = "\(site.pool)/\(site.images.newName(image.kind))"
            guard Glibc.link(image.path, other) == 0 else { return }
            image.change { $0.link = other }
            site.ledger.count("images linked")
        }
    }

    /// Another file with the same guest's disk takes the name.
    private mutating func replace(_ image: PoolImage) throws {
        guard let disk = image.disk else { return }
        let copy = "\(site.workshop)/\(URL(filePath: image.path).lastPathComponent)"
        let cluster = random.pick(4096, 16384, 65536)
        let options = ["-f", "qed", "-O", "qed", "-o", "cluster_size=\(cluster)"]
        guard try qemu(image, ["convert", "-q"] + options + [image.path, copy]) else { return }
        guard rename(copy, image.path) == 0 else { throw SoakError(reason: "rename to \(image.path)") }
        if let link = image.state.link { unlink(link) }
        image.change { $0 = PoolImage.State(path: $0.path, disk: disk, history: $0.history) }
        site.ledger.count("images replaced")
    }

    /// Removes it, and makes another.
    mutating func remove(_ image: PoolImage) throws {
        site.images.remove(image)
        image.change { $0.disk = nil }
        if let link = image.state.link { unlink(link) }
        guard unlink(image.path) == 0 else { throw SoakError(reason: "unlink \(image.path)") }
        site.ledger.count("images removed")
        try site.create(image.kind, using: &random)
    }
}
