import TestSupport

/// A qemu-io that holds an image open.
struct QEMUHolder {
    private let running: RunningTool

    /// Returns once it has the image open: it has answered a read.
    init(opening path: String, readOnly: Bool = false) async throws {
        guard let io = Peer.io else { throw BatchError(reason: "qemu-io is not installed") }
        running = try io.start((readOnly ? ["-r"] : []) + [path])
        try running.send("read 0 512\n")
        let running = running
        let isOpen = try await eventually {
            let output = try running.output()
            return output.contains("read 512/512 bytes")
        }
        guard isOpen else { throw BatchError(reason: "qemu-io did not open \(path): \(try running.errors())") }
    }

    /// Writes to the image, so that it allocates.
    func write(_ range: String) throws { try running.send("write -P 3 \(range)\n") }

    /// Ends it without a clean close.
    func close() { running.stop() }
}
