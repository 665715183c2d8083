import Files
import Glibc

/// What is at the path of a backing file.
package struct BackingTarget: Hashable, Sendable {
    package enum State: String, CaseIterable, Sendable {
        case found
        case missing
        case unreadable
        /// There is something else than a file to read: see `fileType`.
        case notRegular = "not-regular"
        /// Too many symbolic links.
        case loop
    }

    /// Without symbolic links, as far as it exists.
    package let path: RawPath
    package let state: State
    /// The reason, `errno`; 0 if there is none.
    package internal(set) var code: Int32 = 0
    /// nil if nothing is there.
    package internal(set) var fileType: FileType?
    package internal(set) var device: UInt64?
    package internal(set) var inode: UInt64?
    /// Last change of the contents, nanoseconds since 1970.
    package internal(set) var modificationTime: Int64?
    package internal(set) var isQED = false
    /// Bytes that a guest sees; nil if that is not known: of other formats than QED and raw.
    package internal(set) var virtualSize: UInt64?

    package init(path: RawPath, state: State) {
        self.path = path
        self.state = state
    }

    /// Looks at a path, following symbolic links as QEMU does. Never waits for a FIFO, and opens no device: the name
    /// stands in a header that anybody may have written, and opening some devices is a command to them.
    ///
    /// - Parameters:
    ///   - isClosed: whether a file must not be opened; it passes for raw.
    ///   - resolve: gives the name of a directory without symbolic links, nil if that cannot be told: from a cache, since
    ///     many bases are in one directory.
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
        let place = try PathHandle(path: path)
        let (type, identity) = (place.type, place.identity)
        // Reading a file that the kernel makes up may have effects, and such a file is no image.
        guard type == .regular, !place.isPseudo else {
            self.init(path: resolved, state: .notRegular)
            // Of what the kernel makes up it would say nothing.
            fileType = type == .regular ? nil : type
            return
        }
        guard !isClosed(identity) else {
            self.init(path: resolved, identity: identity, virtualSize: identity.size)
            return
        }
        do throws(SystemError) {
            try self.init(reading: ImageFile(place), resolved: resolved)
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

/// As much of a file's format as an overlay needs to know.
private struct FileFormat {
    let isQED: Bool
    let virtualSize: UInt64?

    /// The first bytes of formats that QEMU probes for, whose virtual size is not the length of the file.
    private static let others: [[UInt8]] = [
        [0x51, 0x46, 0x49, 0xFB],  // qcow, qcow2
        Array("KDMV".utf8), Array("COWD".utf8), Array("# Disk DescriptorFile".utf8),  // vmdk
        Array("vhdxfile".utf8), Array("conectix".utf8),  // vhdx, vpc
        Array("LUKS".utf8) + [0xBA, 0xBE], Array("WithoutFreeSpace".utf8), Array("WithouFreSpacExt".utf8),
        Array("Bochs Virtual HD Image".utf8),
    ]
    /// Of vdi, at byte 64.
    private static let vdi: [UInt8] = [0x7F, 0x10, 0xDA, 0xBE]

    init(_ file: ImageFile) throws(SystemError) {
        let header = try HeaderPass.readHeader(file)
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
    /// The name without symbolic links; nil if it leads nowhere.
    package var resolvedOrNil: RawPath? {
        do throws(SystemError) {
            return try resolved()
        } catch {
            return nil
        }
    }

    /// The name without symbolic links; of a file that is not there, its folder's with its name.
    fileprivate func resolvedAsFarAsPossible(_ resolve: (RawPath) -> RawPath?) -> RawPath {
        let name = Array(bytes[((bytes.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)...])
        guard !name.isEmpty, name != Array("..".utf8), name != Array(".".utf8) else { return resolvedOrNil ?? self }
        if isSymbolicLink, let resolved = resolvedOrNil { return resolved }
        return resolve(directory)?.appending(name) ?? self
    }

    private var isSymbolicLink: Bool {
        var status = stat()
        return withCString { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
