import TestSupport

/// The real programs of qemu-utils.
enum Peer {
    static let img = Tool("qemu-img")
    static let io = Tool("qemu-io")
    static let nbd = Tool("qemu-nbd")

    static var isInstalled: Bool { img != nil && io != nil && nbd != nil }
}
