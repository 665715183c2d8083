import Glibc

/// Why the generated file could not be made.
enum EmbedError: Error, CustomStringConvertible {
    case usage
    case system(operation: String, path: String, errno: Int32)
    case notUTF8(path: String)
    case duplicate(name: String, group: String)

    var description: String {
        switch self {
        case .usage: "usage: embed-assets OUTPUT --group=NAME FILE... [--group=NAME FILE...]"
        case .system(let operation, let path, let errno):
            "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
        case .notUTF8(let path): "\(path) is not UTF-8 text"
        case .duplicate(let name, let group): "two files of \(group) are called \(name)"
        }
    }
}
