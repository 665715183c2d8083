import Files
import Glibc

/// Which paths a scan looks at, by shell patterns (fnmatch(3)).
///
/// A pattern with a slash is matched against the whole path, one without against the last name.
package struct PathFilter: Sendable {
    private let include: Patterns
    private let exclude: Patterns

    /// - Parameters:
    ///   - include: if any are given, a file must match one. Directories need not.
    ///   - exclude: files and directories that match one are left out. A slash at the end of a pattern is ignored.
    package init(include: [RawPath] = [], exclude: [RawPath] = []) {
        self.include = Patterns(include)
        self.exclude = Patterns(exclude.map(\.withoutTrailingSlashes))
    }

    func acceptsFile(_ path: RawPath) -> Bool {
        path.withLastName { name in acceptsFile(name: name) { path } }
    }

    func acceptsDirectory(_ path: RawPath) -> Bool {
        !path.withLastName { name in exclude.match(name: name) { path } }
    }

    /// - Parameters:
    ///   - name: the last name of the path, with a NUL at its end.
    ///   - path: called only if a pattern needs it.
    func acceptsFile(name: UnsafePointer<CChar>, path: () -> RawPath) -> Bool {
        !exclude.match(name: name, path: path) && (include.isEmpty || include.match(name: name, path: path))
    }
}

private struct Patterns: Sendable {
    private let ofNames: [RawPath]
    private let ofPaths: [RawPath]

    init(_ patterns: [RawPath]) {
        ofNames = patterns.filter { !$0.bytes.contains(RawPath.separator) }
        ofPaths = patterns.filter { $0.bytes.contains(RawPath.separator) }
    }

    var isEmpty: Bool { ofNames.isEmpty && ofPaths.isEmpty }

    func match(name: UnsafePointer<CChar>, path: () -> RawPath) -> Bool {
        if ofNames.contains(where: { $0.matches(name) }) { return true }
        return !ofPaths.isEmpty && path().withCString { path in ofPaths.contains { $0.matches(path) } }
    }
}

extension RawPath {
    /// Whether this pattern matches a text.
    fileprivate func matches(_ text: UnsafePointer<CChar>) -> Bool { withCString { fnmatch($0, text, 0) == 0 } }

    /// Calls a function with what comes after the last slash.
    fileprivate func withLastName<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let start = lastNameStart
        return withCString { body($0 + start) }
    }
}
