import Foundation
import Glibc
import Lab
import QED

/// Damages images that nobody uses: sound ones only in ways that cost a guest nothing.
struct Damager: Actor {
    let name = "damager"
    let site: Site
    var random: SeededRandom

    init(_ site: Site) {
        self.site = site
        random = site.random("damager")
    }

    mutating func act() throws {
        guard let image = site.images.take(random.chance(0.6) ? .sound : .scarred, using: &random) else { return }
        defer { site.images.release(image) }
        try Damager.hold(image, site) {
            if image.kind == .sound {
                try Damager.leaveTraces(in: image, site, &random)
            } else {
                _ = try Damager.damage(image, site, &random)
            }
        }
        site.pause(upTo: 1, using: &random)
    }

    /// Does something to an image while a program of QEMU has it open as a raw file, for its locks; false if it cannot.
    @discardableResult
    static func hold(_ image: PoolImage, _ site: Site, _ body: () throws -> Void) throws -> Bool {
        let holder = try RunningProgram(site.io, ["-f", "raw", image.path])
        while try !holder.output().contains("qemu-io> ") {
            guard holder.isRunning else {
                let run = try holder.end(sent: nil)
                guard site.isRefused(run, image.path) else { throw SoakError(reason: run.account) }
                return false
            }
            usleep(2000)
        }
        try body()
        image.note("damaged")
        holder.send("quit\n")
        _ = try holder.end(sent: nil)
        return true
    }

    /// What a crash of a guest leaves: clusters that nothing refers to, and the dirty bit.
    ///
    /// - Parameter isClosed: only clusters, as if it had been closed since. Then no QEMU that opens it changes it.
    static func leaveTraces(
        in image: PoolImage, isClosed: Bool = false, _ site: Site, _ random: inout SeededRandom
    ) throws {
        let editor = try ImageEditor(path: image.path)
        if isClosed || random.chance(0.6) {
            let count = UInt64.random(in: 1...4, using: &random)
            let offset = try editor.appendClusters(count)
            try editor.writeGarbage(from: offset, count: 4096, using: &random)
            site.ledger.count("clusters leaked", Int(count))
        }
        if !isClosed, random.chance(0.6) {
            try Defect.dirty.apply(to: editor, using: &random)
            site.ledger.count("dirty bits set")
        }
    }

    /// Defects that leave a header that can be used.
    private static let repairable = Defect.allCases.filter { defect in
        [
            "l2-", "data-", "leaked-", "cluster-l", "trailing-", "truncated-", "short-", "dirty", "table-orphaned",
            "l1-entry",
        ]
        .contains { defect.rawValue.hasPrefix($0) }
    }

    private static func isUsable(_ editor: ImageEditor) -> Bool {
        do throws(LabError) {
            let end = try editor.geometry().wholeClustersEnd
            let (header, size) = try (editor.header(), editor.size())
            return header.headerSize > 0 && size >= end
        } catch {
            return false
        }
    }

    /// A defect of any kind, if the image is still one that can have it. Returns what was done.
    static func damage(_ image: PoolImage, _ site: Site, _ random: inout SeededRandom) throws -> String? {
        image.change { $0.disk = nil }
        do throws(LabError) {
            let editor = try ImageEditor(path: image.path)
            // Defects take their places from a header that can be used; a mutation needs none.
            if random.chance(0.7), Damager.isUsable(editor) {
                let defects = random.chance(0.15) ? Defect.allCases : Damager.repairable
                let defect = defects[Int.random(in: 0..<defects.count, using: &random)]
                try defect.apply(to: editor, using: &random)
                site.ledger.count("defects")
                return defect.rawValue
            }
            let mutation = try Mutation.random(for: editor, using: &random)
            try mutation.apply(to: editor)
            site.ledger.count("mutations")
            return mutation.description
        } catch {
            // An image that has lost its tables has no entry left to break.
            return nil
        }
    }
}
