import Files
import QED

extension FileStatus {
    /// The status of a path, by opening it: a network file system then asks its server. Symbolic links are not
    /// followed.
    package init(opening path: RawPath) throws(SystemError) {
        self = try ImageFile(withoutLinks: path).status
    }
}

extension ImageFile {
    /// The mount that the file is on; nil if the system does not say.
    func mountPoint() throws(SystemError) -> MountPoint? { try MountPoint(descriptor: descriptor) }
}
