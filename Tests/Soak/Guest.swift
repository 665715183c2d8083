import Foundation
import Glibc
import Lab

/// One of those who use images: with qemu-io, through qemu-nbd, or as an administrator with qemu-img.
struct Guest: Actor {
    let name: String
    let site: Site
    var random: SeededRandom

    init(_ number: Int, _ site: Site) {
        name = "guest \(number)"
        self.site = site
        random = site.random(name)
    }

    mutating func act() throws {
        if let image = site.images.takeContested() {
            defer { site.images.release(image) }
            return try race(for: image)
        }
        guard let image = site.images.take(random.chance(0.8) ? .sound : .scarred, using: &random) else { return }
        defer { site.images.release(image) }
        if random.chance(0.75) {
            try use(image)
        } else {
            var administrator = Administrator(site: site, random: SeededRandom(seed: random.next()))
            try administrator.act(on: image)
        }
        if image.kind == .sound, random.chance(0.4) { try site.verifyGuest(of: image) }
        // Not at once on to the next: a race is about to begin at any time.
        for _ in 0..<Int.random(in: 0...40, using: &random) where !site.images.hasContested { usleep(5000) }
    }

    /// Opens an image that is being repaired, again and again. Mostly it only looks: what is written to makes the repair
    /// give up at once, and there is no race.
    private mutating func race(for image: PoolImage) throws {
        while site.images.hasContested, !site.isOver {
            site.ledger.count("images opened while their repair starts")
            let isServed = random.chance(0.05)
            if let session = try GuestSession(image, on: site, throughServer: isServed, using: &random) {
                site.pause(upTo: 0.03, using: &random)
                if random.chance(0.05) { _ = try step(session) }
                try session.end(random.pick(.quit, .kill))
            }
            site.pause(upTo: 0.08, using: &random)
        }
        if random.chance(0.2) { try site.verifyGuest(of: image) }
    }

    private mutating func use(_ image: PoolImage) throws {
        let isServed = random.chance(0.2)
        guard let session = try GuestSession(image, on: site, throughServer: isServed, using: &random) else { return }
        for _ in 0..<Int.random(in: 1...10, using: &random) {
            guard try step(session) else { break }
        }
        let ending: GuestSession.Ending = random.pick(.quit, .quit, .quit, .kill, .kill, .abort)
        let isBusy = ending == .kill && random.chance(0.6)
        if isBusy { writeWithoutWaiting(session) }
        try session.end(ending)
    }

    /// One thing that a guest does; false if it has gone.
    private mutating func step(_ session: GuestSession) throws -> Bool {
        // A disk of which nothing is known still has a size.
        let disk = session.image.disk ?? GuestDisk(blockCount: 64)
        let range = disk.range(upTo: 12, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<55: return try write(session, UInt8.random(in: 1...255, using: &random), to: range)
        case 55..<67: return try write(session, 0, to: range)
        case 67..<80: return try read(session, disk, range)
        case 80..<86: return try session.run("flush") != nil
        case 86..<90: return try session.run("discard \(Site.bytes(range))") != nil
        default: return try idle(session)
        }
    }

    /// Acknowledged writes stay even if the guest is killed: the file's pages are the kernel's.
    private func write(_ session: GuestSession, _ value: UInt8, to range: Range<Int>) throws -> Bool {
        // Not of an overlay: QEMU 7.2 fills the rest of a zero cluster from the backing file when a part is written.
        let option = value == 0 && session.image.state.backing == nil ? "-z" : "-P \(value)"
        let said = try session.run("write \(option) \(Site.bytes(range))")
        let isDone = said?.contains("wrote \(range.count * GuestDisk.blockSize)/") == true
        session.image.change { $0.disk?.write(isDone ? value : nil, to: range) }
        if !isDone, session.image.kind == .sound {
            site.violation(.guest, session.image.path, "a write failed: \(said ?? "the guest ended")")
        }
        session.image.note("blocks \(range) = \(value): \(isDone ? "done" : said ?? "gone")")
        site.ledger.count("guest writes")
        return said != nil
    }

    private func read(_ session: GuestSession, _ disk: GuestDisk, _ range: Range<Int>) throws -> Bool {
        guard session.image.kind == .sound, let value = disk.blocks[range.lowerBound] else { return true }
        let range = range.lowerBound..<range.lowerBound + 1
        guard let said = try session.run("read -P \(value) \(Site.bytes(range))") else { return false }
        if session.image.disk != nil, said.contains("failed") || !said.contains("read ") {
            site.violation(.guest, session.image.path, "block \(range.lowerBound) is not \(value): \(said)")
        }
        return true
    }

    /// Leaves the image open, does nothing, and looks whether anybody else did.
    private mutating func idle(_ session: GuestSession) throws -> Bool {
        guard session.image.kind != .base, try session.run("flush") != nil else { return false }
        let path = session.image.path
        let before = try FileState(path: path)
        site.pause(upTo: 1.5, using: &random)
        let after = try FileState(path: path)
        site.ledger.count("open images left alone and compared")
        // QEMU itself clears the dirty bit, five seconds after a write.
        let isQEMUs =
            before.withoutDirtyBit() == after.withoutDirtyBit() && before.inode == after.inode
            && -session.opened.timeIntervalSinceNow >= 5
        if before != after, !isQEMUs {
            site.violation(.untouched, path, "it changed while a guest had it open: \(before.difference(from: after))")
        }
        return true
    }

    /// Writes that nobody waits for: what they were to change is not known when the guest is killed.
    private mutating func writeWithoutWaiting(_ session: GuestSession) {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let disk = session.image.disk ?? GuestDisk(blockCount: 64)
            let range = disk.range(upTo: 24, using: &random)
            session.image.change { $0.disk?.write(nil, to: range) }
            session.image.note("blocks \(range): written, not waited for")
            session.send("write -P \(UInt8.random(in: 1...255, using: &random)) \(Site.bytes(range))")
        }
        site.ledger.count("guests killed while they write")
        site.pause(upTo: 0.006, using: &random)
    }
}
