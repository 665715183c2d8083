extension ImageFile {
    /// The fewest bytes that QEMU takes for a QED image: the missing ones of a short file read as zero.
    private static let shortestMagic: UInt64 = 3

    /// Whether the file begins with QED's magic number. Its name says nothing.
    public func hasMagic() throws(SystemError) -> Bool {
        guard size >= ImageFile.shortestMagic else { return false }
        let bytes = try bytes(at: ByteOffset(0), count: 4)
        return bytes.withUnsafeBytes { LittleEndianReader($0).uint32(at: 0) } == Header.magic
    }
}
