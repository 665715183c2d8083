import Files
import Glibc

extension HostileFile {
    /// Makes what is no regular file.
    func makeNode(at path: RawPath) throws(LabError) {
        if isDevice, !HostileFile.mayMakeDevices(beside: path) { return }
        try labCall("create", path) {
            path.withCString { name in
                switch self {
                case .fifo: mkfifo(name, 0o644)
                case .socket: mknod(name, S_IFSOCK | 0o644, 0)
                case .directory: mkdir(name, 0o755)
                // A number that no driver has, and that of /dev/full: nothing that is read or written there matters.
                case .blockDevice: mknod(name, S_IFBLK | 0o600, 60 << 8)
                case .characterDevice: mknod(name, S_IFCHR | 0o666, 1 << 8 | 7)
                default: linkTarget.withCString { symlink($0, name) }
                }
            }
        }
    }

    /// Not in every container, and not for ordinary users.
    private static func mayMakeDevices(beside path: RawPath) -> Bool {
        let trial = RawPath(bytes: path.bytes + Array(".trial".utf8))
        return trial.withCString { mknod($0, S_IFCHR | 0o600, 1 << 8 | 3) == 0 && unlink($0) == 0 }
    }

    private var linkTarget: RawPath {
        switch self {
        case .symlinkLoop: RawPath(bytes: fileName)
        case .symlinkToDevice: RawPath("/dev/zero")
        default: RawPath("/nonexistent/base.qed")
        }
    }
}
