import Files
import QED

extension FileStatus {
    /// The status of a path by a new open, which makes a network file system ask its server. No symbolic link is followed.
    package init(opening path: RawPath) throws(SystemError) {
        self = try ImageFile(withoutLinks: path).status
    }
}

extension ImageFile {
    /// The mount that it is on; nil if the system does not tell.
    func mountPoint() throws(SystemError) -> MountPoint? { try MountPoint(descriptor: descriptor) }
}
