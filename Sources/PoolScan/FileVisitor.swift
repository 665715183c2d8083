import Files

/// What a walk is for: told of every file that it comes to.
protocol FileVisitor {
    /// Called before the files of a directory.
    mutating func enter(_ directory: Directory, _ roots: RootOrder)

    /// A regular file in a directory, that the filter accepts.
    mutating func visit(_ entry: Directory.Entry, in directory: Directory)

    /// Called after the files of a directory.
    mutating func leave(_ directory: Directory)

    /// A root that is no directory. It is among the roots already.
    mutating func visitRoot(_ path: RawPath, _ status: FileStatus, _ roots: RootOrder)
}

extension FileVisitor {
    mutating func enter(_ directory: Directory, _ roots: RootOrder) {}
    mutating func leave(_ directory: Directory) {}
}
