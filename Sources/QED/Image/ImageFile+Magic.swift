import Files
import Glibc

extension ImageFile {
    /// The fewest bytes that QEMU takes for a QED image: the missing ones of a short file read as zero.
    private static let shortestMagic = 3

    /// Whether the file begins with QED's magic number. Its name says nothing.
    public func hasMagic() throws(SystemError) -> Bool {
        guard size >= UInt64(ImageFile.shortestMagic) else { return false }
        let bytes = try bytes(at: ByteOffset(0), count: 4)
        return bytes.withUnsafeBytes { LittleEndianReader($0).uint32(at: 0) } == Header.magic
    }

    /// Opens a name in a directory if it is a regular file that begins with QED's magic number, as the other initializer
    /// does; nil if it is anything else.
    ///
    /// Most files of a pool are no images, so the first bytes come before everything else. What was read then is not kept:
    /// it is older than `status`, which has to be older than all that a check is made of.
    package static func image(directory: Int32, name: UnsafePointer<CChar>) throws(SystemError) -> ImageFile? {
        let descriptor = try open(directory: directory, name: name, following: false)
        var magic: UInt32 = 0
        let count = withUnsafeMutableBytes(of: &magic) { pread(descriptor, $0.baseAddress, $0.count, 0) }
        let isWhole = count == MemoryLayout.size(ofValue: magic)
        if count == 0 || isWhole && UInt32(littleEndian: magic) != Header.magic {
            close(descriptor)
            return nil
        }
        let file = try ImageFile(descriptor: descriptor)
        guard file.status.isRegular else { return nil }
        if isWhole { return file }
        // The file is very short, or a signal came in between, or the file system gave a part; else this gives the error.
        return try file.hasMagic() ? file : nil
    }
}
