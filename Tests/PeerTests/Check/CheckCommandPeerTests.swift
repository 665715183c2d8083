import Corpus
import Foundation
import Lab
import QED
import TestSupport
import Testing

/// An image, and whether both programs open it.
struct CheckedImage: Sendable, CustomStringConvertible {
    let description: String
    var create: [String] = ["64M"]
    /// Commands of qemu-io.
    var io: [String] = []
    var edits: [ImageEdit] = []

    /// The default layout: header, L1 table at 1-4, the first L2 table at 5-8, data from 9.
    static let all: [CheckedImage] = [
        CheckedImage(description: "empty"),
        CheckedImage(description: "of no bytes", create: ["0"]),
        CheckedImage(description: "of a sector", create: ["512"], io: ["write 0 512"]),
        CheckedImage(description: "a MiB", io: write),
        CheckedImage(description: "a third", create: ["192k"], io: ["write 0 64k"]),
        CheckedImage(description: "all of it", create: ["1M"], io: ["write 0 1M"]),
        CheckedImage(description: "a hair of 1 TiB", create: ["1T"], io: ["write 512G 1M"]),
        CheckedImage(description: "written backwards", io: (0..<9).reversed().map { "write \($0 * 64)k 64k" }),
        CheckedImage(description: "written with gaps", io: (0..<20).map { "write \($0 * 3 * 64)k 64k" }),
        CheckedImage(description: "zero clusters", io: ["write -z 0 1M"]),
        CheckedImage(description: "zero clusters and data", io: ["write -z 0 1M"] + write),
        CheckedImage(
            description: "4 KiB clusters", create: ["-o", "cluster_size=4096,table_size=2", "64M"], io: write),
        CheckedImage(
            description: "1 MiB clusters", create: ["-o", "cluster_size=1M,table_size=16", "10G"], io: ["write 9G 3M"]),
        CheckedImage(description: "three tables", create: ["6G"], io: ["write 0 1M", "write 3G 1M", "write 5G 1M"]),
        CheckedImage(description: "dirty", io: write, edits: [.field(.features, 2)]),
        CheckedImage(description: "unknown compat bits", io: write, edits: [.field(.compatFeatures, 0xF0)]),
        CheckedImage(description: "unknown autoclear bits", io: write, edits: [.field(.autoclearFeatures, 0xF0)]),
        CheckedImage(description: "a leak", io: write, edits: [.l2(0, 3, 0)]),
        CheckedImage(description: "1000 leaks", io: write, edits: [.length(1025 * 65536)]),
        CheckedImage(description: "a lost L1 table", io: write, edits: [.l1(0, 0)]),
        CheckedImage(description: "a shared cluster", io: write, edits: [.l2(0, 20, 9 * 65536)]),
        CheckedImage(description: "corruptions and no leak", io: write, edits: [.l2(0, 20, 77), .l2(0, 21, 78)]),
        CheckedImage(description: "a corruption and a leak", io: write, edits: [.l2(0, 3, 1 << 50)]),
        CheckedImage(description: "an L1 entry of 1", io: write, edits: [.l1(0, 1)]),
        CheckedImage(description: "its L2 table for two", create: ["6G"], io: write, edits: [.l1(1, 5 * 65536)]),
        CheckedImage(description: "data in a table", io: write, edits: [.l2(0, 2, 6 * 65536)]),
        CheckedImage(description: "cut short", io: write, edits: [.length(20 * 65536 + 1024)]),
        CheckedImage(description: "an unknown feature", edits: [.field(.features, 0x80)]),
        CheckedImage(description: "a bad cluster size", edits: [.field(.clusterSize, 7)]),
        CheckedImage(description: "a bad table size", edits: [.field(.tableSize, 3)]),
        CheckedImage(description: "a bad image size", edits: [.field(.imageSize, 513)]),
        CheckedImage(description: "an L1 table nowhere", edits: [.field(.l1TableOffset, 1 << 40)]),
        CheckedImage(description: "another magic", edits: [.field(.magic, 0x4445_5100)]),
        CheckedImage(description: "16 bytes", edits: [.length(16)]),
        CheckedImage(description: "the three bytes QED", edits: [.length(3)]),
        CheckedImage(description: "two bytes", edits: [.length(2)]),
        CheckedImage(description: "no bytes", edits: [.length(0)]),
    ]

    private static let write = ["write -P 7 0 1M"]
}

@Suite(.enabled(if: Peer.isInstalled, "qemu-utils is not installed"))
struct CheckCommandPeerTests {
    private static let qedscan = Tool.built("qedscan")

    @Test(arguments: CheckedImage.all)
    func outputAndStatusAreThoseOfQEMU(_ image: CheckedImage) async throws {
        let bench = try Bench()
        try await Self.make(image, on: bench)
        for options in [["-f", "qed"], [], ["-q", "-f", "qed"], ["-U", "-f", "qed"]] {
            let (qemu, ours) = try await Self.check(options + ["image.qed"], bench)
            #expect(ours.status == qemu.status, "\(options)")
            #expect(ours.output == qemu.output, "\(options)")
            expectSameErrors(ours, qemu, "\(options)")
        }
        for options in [["-f", "qed", "--output=json"], ["--output", "json", "-T", "none"]] {
            let (qemu, ours) = try await Self.check(options + ["image.qed"], bench)
            #expect(ours.status == qemu.status, "\(options)")
            #expect(try members(ours.output) == members(qemu.output), "\(options)")
        }
    }

    /// Arguments that both refuse, or that name something else than an image.
    @Test(arguments: [
        ["missing.qed"], ["-f", "qed", "missing.qed"], ["--output=json", "missing.qed"], ["-q", "missing.qed"],
        ["-f", "raw", "image.qed"], ["-f", "nonsense", "image.qed"], ["--nonsense", "image.qed"], [],
        ["image.qed", "image.qed"], ["--output=xml", "image.qed"], ["-T", "nonsense", "image.qed"],
        ["-U", "-r", "all", "image.qed"], ["-r", "nonsense", "image.qed"], ["text"], ["-f", "qed", "text"],
        ["-q", "-f", "qed", "text"], ["."], ["-f", "qed", "."], ["--image-opts", "driver=qed"],
        ["--image-opts", "driver=qed,file.driver=file,file.filename=image.qed"],
        ["--image-opts", "driver=raw,file.filename=image.qed"], ["--", "image.qed"], ["image.qed", "-q"],
    ])
    func statusIsThatOfQEMU(_ arguments: [String]) async throws {
        let bench = try Bench()
        try await Self.make(CheckedImage.all[3], on: bench)
        _ = try bench.directory.write("These are the words of a text.\n".utf8, to: "text")
        let (qemu, ours) = try await Self.check(arguments, bench)
        #expect(ours.status == qemu.status)
        #expect(ours.output == qemu.output)
        #expect(ours.errors.isEmpty == qemu.errors.isEmpty)
    }

    /// A device is raw to QEMU; we read regular files only.
    @Test func deviceIsNoImage() async throws {
        let (qemu, ours) = try await Self.check(["/dev/null"], try Bench())
        #expect(qemu.status == 63)
        #expect(ours.status == 1 && ours.errors.contains("it is not a regular file"))
    }

    @Test func imageInUseIsRefusedAsByQEMU() async throws {
        let bench = try Bench()
        try await Self.make(CheckedImage.all[3], on: bench)
        let writer = try await QEMUHolder(opening: bench.path)
        for options in [["-f", "qed"], ["-f", "qed", "--output=json"], [], ["-q"], ["-U"], ["--force-share"]] {
            let (qemu, ours) = try await Self.check(options + ["image.qed"], bench)
            #expect(ours.status == qemu.status, "\(options)")
            if !options.contains("--output=json") { #expect(ours.output == qemu.output, "\(options)") }
            expectSameErrors(ours, qemu, "\(options)")
        }
        writer.close()
    }

    @Test func oddNameComesBackInJSON() async throws {
        let bench = try Bench("a \"quoted\"\t\\name\u{7}é.qed")
        try await bench.run(["qemu-img", "create", "-q", "-f", "qed", bench.path, "1M"])
        let (qemu, ours) = try await Self.check(["--output=json", bench.path], bench)
        #expect(qemu.status == 0 && ours.status == 0)
        #expect(try members(ours.output) == members(qemu.output))
    }

    private static func make(_ image: CheckedImage, on bench: Bench) async throws {
        try await bench.run(
            ["qemu-img", "create", "-q", "-f", "qed", bench.path] + image.create,
            ["qemu-io"] + image.io.flatMap { ["-c", $0] } + ["-c", "quit", bench.path])
        let editor = try ImageEditor(path: bench.path)
        for edit in image.edits { try edit.apply(to: editor) }
    }

    private static func check(
        _ arguments: [String], _ bench: Bench
    ) async throws -> (qemu: ShellBatch.Result, ours: ShellBatch.Result) {
        let qedscan = try #require(qedscan)
        let runs = try await bench.run(["qemu-img", "check"] + arguments, [qedscan.path, "check"] + arguments)
        return (runs[0], runs[1])
    }

    /// The same words but for the program's name, and an explanation that ours may add in parentheses.
    private func expectSameErrors(_ ours: ShellBatch.Result, _ qemu: ShellBatch.Result, _ comment: Comment) {
        let expected = qemu.errors.replacingOccurrences(of: "qemu-img: ", with: "qedscan: ")
        let plain = ours.errors.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.range(of: " (").map { line[..<$0.lowerBound] } ?? line
        }.joined(separator: "\n")
        #expect(plain == expected, comment)
    }

    private func members(_ json: String) throws -> NSDictionary? {
        guard !json.isEmpty else { return nil }
        return try JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary
    }
}
