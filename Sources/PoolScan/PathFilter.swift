import Glibc
import QED

/// Which paths a scan looks at, by shell patterns (fnmatch(3)).
///
/// A pattern with a slash is matched against the whole path, one without against the last name.
package struct PathFilter: Sendable {
    private let include: [RawPath]
    private let exclude: [RawPath]

    /// - Parameters:
    ///   - include: if any are given, a file must match one. Directories need not.
    ///   - exclude: files and directories that match one are left out. A slash at the end of one does not count.
    package init(include: [RawPath] = [], exclude: [RawPath] = []) {
        self.include = include
        self.exclude = exclude.map { RawPath(bytes: Array($0.bytes.trimmingSuffix(UInt8(ascii: "/")))) }
    }

    func acceptsFile(_ path: RawPath) -> Bool {
        acceptsDirectory(path) && (include.isEmpty || PathFilter.matches(path, any: include))
    }

    func acceptsDirectory(_ path: RawPath) -> Bool {
        exclude.isEmpty || !PathFilter.matches(path, any: exclude)
    }

    private static func matches(_ path: RawPath, any patterns: [RawPath]) -> Bool {
        let slash = UInt8(ascii: "/")
        let name = RawPath(bytes: Array(path.bytes[((path.bytes.lastIndex(of: slash) ?? -1) + 1)...]))
        return patterns.contains { pattern in
            let subject = pattern.bytes.contains(slash) ? path : name
            return pattern.withCString { pattern in subject.withCString { fnmatch(pattern, $0, 0) == 0 } }
        }
    }
}

extension [UInt8] {
    fileprivate func trimmingSuffix(_ byte: UInt8) -> ArraySlice<UInt8> {
        self[...(lastIndex { $0 != byte } ?? endIndex - 1)]
    }
}
