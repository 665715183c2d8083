import CSystem

extension ImageFile {
    /// When the file was made, nanoseconds since 1970: statx(2). nil where the file system does not say.
    package var birthTime: Int64? {
        var time: Int64 = 0
        return csystem_birth_time(descriptor, &time) == 1 ? time : nil
    }
}
