import Glibc
import QED

extension HostileFile {
    /// Makes what is no regular file.
    func makeNode(at path: RawPath) throws(LabError) {
        let target = self == .symlinkLoop ? RawPath(bytes: fileName) : RawPath("/nonexistent/base.qed")
        try labCall("create", path) {
            path.withCString { name in
                switch self {
                case .fifo: mkfifo(name, 0o644)
                case .socket: mknod(name, S_IFSOCK | 0o644, 0)
                case .directory: mkdir(name, 0o755)
                default: target.withCString { symlink($0, name) }
                }
            }
        }
    }
}
