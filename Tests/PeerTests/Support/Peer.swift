import Files
import QED
import TestSupport

/// The real programs of qemu-utils.
enum Peer {
    static let img = Tool("qemu-img")
    static let io = Tool("qemu-io")
    static let nbd = Tool("qemu-nbd")

    static var isInstalled: Bool { img != nil && io != nil && nbd != nil }
}

/// How QEMU is told what to open.
enum QEMUImage {
    /// The image alone: its backing file need not exist. Give no `-f` with it.
    static func withoutBacking(_ path: String) -> String {
        "json:{\"driver\":\"qed\",\"backing\":null,\"file\":{\"driver\":\"file\",\"filename\":\"\(path)\"}}"
    }
}

/// An image in its own directory, which qemu-img makes and both programs check.
struct Bench {
    let directory: TemporaryDirectory
    let path: String

    init(_ name: String = "image.qed") throws {
        directory = try TemporaryDirectory()
        path = directory.file(name)
    }

    /// Runs commands in the directory one after the other; the first word may be a name in PATH.
    @discardableResult
    func run(_ commands: [String]...) async throws -> [ShellBatch.Result] {
        try await ShellBatch.run(commands, in: directory.path)
    }

    /// What `qemu-img check` says of the image alone.
    func checkWithQEMU() async throws -> PeerResult {
        try PeerResult(try await run(["qemu-img", "check", "--output=json", QEMUImage.withoutBacking(path)])[0])
    }

    /// What we say of it.
    func check(usesFastPass: Bool = true) throws -> CheckResult {
        Checker(usesFastPass: usesFastPass).check(try ImageFile(path: RawPath(path)))
    }
}
