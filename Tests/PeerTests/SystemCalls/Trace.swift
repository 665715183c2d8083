import Foundation
import TestSupport

/// The system calls of one run, and the images before and after it.
struct Trace: Sendable {
    let status: Int32
    let lines: [String]
    let before: [String: ImageState]
    let after: [String: ImageState]

    var images: [String] { before.keys.sorted() }

    /// Calls whose first path is a name. All others are known by their descriptor, whose path strace writes with -y.
    private static let namingCalls: Set<String> = [
        "openat", "open", "newfstatat", "stat", "lstat", "statx", "readlink", "readlinkat", "access", "faccessat",
        "faccessat2", "utimensat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "truncate", "chmod",
        "fchmodat", "chown", "lchown", "fchownat", "link", "linkat", "setxattr", "lsetxattr", "getxattr", "lgetxattr",
    ]

    /// The calls that name an image or use a descriptor of it. Bytes read or written may name it too: they don't count.
    func calls(on image: String) -> [String] {
        lines.filter { line in
            if Trace.namingCalls.contains(Trace.name(line)) {
                return line.contains("\"\(image)\"") || line.contains("/\(image)\"")
            }
            return Trace.firstArgument(line).hasSuffix("/\(image)>")
        }
    }

    private static func firstArgument(_ line: String) -> Substring {
        line.drop { $0 != "(" }.prefix { $0 != "," && $0 != ")" }
    }

    func calls(_ name: String, on image: String) -> [String] { calls(on: image).filter { Trace.name($0) == name } }

    /// `1234 pread64(7</pool/a.qed>, …` is a call of pread64.
    static func name(_ line: String) -> String {
        String(line.drop { $0 != " " }.drop { $0 == " " }.prefix { $0 != "(" })
    }
}

/// All of an image that a scan must leave as it is.
struct ImageState: Hashable, Sendable {
    let bytes: Data
    /// Device, inode, size, and the times of the last change of contents and of status.
    let status: [Int]

    static func all(in directory: String) throws -> [String: ImageState] {
        var states: [String: ImageState] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            let path = "\(directory)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0 else { throw BatchError(reason: "stat \(path)") }
            states[name] = ImageState(
                bytes: try Data(contentsOf: URL(filePath: path)),
                status: [
                    Int(status.st_dev), Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec,
                    status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec, Int(status.st_nlink),
                ])
        }
        return states
    }
}
