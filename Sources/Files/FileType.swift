import Glibc

/// What kind of thing a name is.
package enum FileType: String, CaseIterable, Sendable {
    case regular, directory, fifo, socket, block, character, other

    package init(_ status: stat) {
        self =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFIFO: .fifo
            case S_IFSOCK: .socket
            case S_IFBLK: .block
            case S_IFCHR: .character
            default: .other
            }
    }
}
