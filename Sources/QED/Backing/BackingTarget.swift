import Files
import Glibc

/// What a look at the path of a backing file has found.
package struct BackingTarget: Hashable, Sendable {
    package enum State: String, CaseIterable, Sendable {
        case found
        case missing
        case unreadable
        /// It is not a regular file: see `fileType`.
        case notRegular = "not-regular"
        /// Too many symbolic links.
        case loop
    }

    /// The path without symbolic links, as far as it exists.
    package let path: RawPath
    package let state: State
    /// Why it could not be read: a value of `errno`, or 0.
    package internal(set) var code: Int32 = 0
    /// nil if nothing is there.
    package internal(set) var fileType: FileType?
    package internal(set) var device: UInt64?
    package internal(set) var inode: UInt64?
    /// Last change of the contents, nanoseconds since 1970.
    package internal(set) var modificationTime: Int64?
    package internal(set) var isQED = false
    /// Bytes that a guest sees. nil for formats other than QED and raw, whose size is not known.
    package internal(set) var virtualSize: UInt64?

    package init(path: RawPath, state: State) {
        self.path = path
        self.state = state
    }

    /// Looks at a path. It follows symbolic links, as QEMU does, but never waits for a FIFO and never opens a device:
    /// anybody may have written the name into the header, and opening a device may be a command to it.
    ///
    /// - Parameters:
    ///   - isClosed: says which files must not be opened. Such a file counts as raw.
    ///   - resolve: returns the path of a directory without symbolic links, or nil if it has none. A cache is worth it,
    ///     since many backing files share a directory.
    package init(
        lookingAt path: RawPath, isClosed: (FileIdentity) -> Bool = { _ in false },
        resolve: (RawPath) -> RawPath? = { $0.resolvedOrNil }
    ) {
        let resolved = path.resolvedAsFarAsPossible(resolve)
        do throws(SystemError) {
            self = try BackingTarget(path: path, resolved: resolved, isClosed: isClosed)
        } catch {
            self.init(path: resolved, state: State(error))
            code = error.code
        }
    }

    private init(
        path: RawPath, resolved: RawPath, isClosed: (FileIdentity) -> Bool
    ) throws(SystemError) {
        let handle = try PathHandle(path: path)
        let (type, identity) = (handle.type, handle.identity)
        // Reading a file of a pseudo file system may have effects, and such a file is no image.
        guard type == .regular, !handle.isPseudo else {
            self.init(path: resolved, state: .notRegular)
            // A file of a pseudo file system is regular by its type, so the type would explain nothing.
            fileType = type == .regular ? nil : type
            return
        }
        guard !isClosed(identity) else {
            self.init(path: resolved, identity: identity, virtualSize: identity.size)
            return
        }
        do throws(SystemError) {
            try self.init(reading: ImageFile(handle), resolved: resolved)
        } catch {
            self.init(path: resolved, state: State(error))
            code = error.code
            fileType = type
        }
    }

    private init(reading file: ImageFile, resolved: RawPath) throws(SystemError) {
        let format = try FileFormat(file)
        self.init(
            path: resolved, identity: file.status.identity, isQED: format.isQED, virtualSize: format.virtualSize)
    }

    private init(path: RawPath, identity: FileIdentity, isQED: Bool = false, virtualSize: UInt64?) {
        self.init(path: path, state: .found)
        fileType = .regular
        (device, inode, modificationTime) = (identity.device, identity.inode, identity.modificationTime)
        (self.isQED, self.virtualSize) = (isQED, virtualSize)
    }
}

extension BackingTarget.State {
    fileprivate init(_ error: SystemError) {
        self =
            switch error.code {
            case ENOENT, ENOTDIR: .missing
            case ELOOP: .loop
            default: .unreadable
            }
    }
}

/// What an overlay needs to know about the format of its backing file.
private struct FileFormat {
    let isQED: Bool
    let virtualSize: UInt64?

    /// The first bytes of the formats that QEMU probes for and whose virtual size differs from the length of the file.
    private static let others: [[UInt8]] = [
        [0x51, 0x46, 0x49, 0xFB],  // qcow, qcow2
        Array("KDMV".utf8), Array("COWD".utf8), Array("# Disk DescriptorFile".utf8),  // vmdk
        Array("vhdxfile".utf8), Array("conectix".utf8),  // vhdx, vpc
        Array("LUKS".utf8) + [0xBA, 0xBE], Array("WithoutFreeSpace".utf8), Array("WithouFreSpacExt".utf8),
        Array("Bochs Virtual HD Image".utf8),
    ]
    /// The bytes of vdi, at offset 64.
    private static let vdi: [UInt8] = [0x7F, 0x10, 0xDA, 0xBE]

    init(_ file: ImageFile) throws(SystemError) {
        let header = try Header(reading: file)
        isQED = header.hasMagic
        guard !isQED else {
            virtualSize = header.imageSize
            return
        }
        let start = try file.bytes(at: ByteOffset(0), count: Header.byteCount + FileFormat.vdi.count)
        let isOther =
            FileFormat.others.contains { start.starts(with: $0) }
            || start[Header.byteCount...].elementsEqual(FileFormat.vdi)
        virtualSize = isOther ? nil : file.size
    }
}

extension RawPath {
    /// The path without symbolic links. If the file does not exist, only its directory is resolved.
    fileprivate func resolvedAsFarAsPossible(_ resolve: (RawPath) -> RawPath?) -> RawPath {
        let name = lastName
        guard !name.isEmpty, name != Array("..".utf8), name != Array(".".utf8) else { return resolvedOrNil ?? self }
        if isSymbolicLink, let resolved = resolvedOrNil { return resolved }
        return resolve(directory)?.appending(name) ?? self
    }

    private var isSymbolicLink: Bool {
        var status = stat()
        return withCString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
