import Files

/// Reads and validates the header and the backing file name.
///
/// - What it tests: every rule of the header that does not need the tables.
/// - What it leaves: whether the backing file exists. It is never opened.
package struct HeaderPass {
    private(set) var header: Header?
    private(set) var geometry: Geometry?
    private(set) var fault: HeaderFault?
    private(set) var backingFilename: [UInt8]?
    private(set) var errors = CheckErrorLog()

    init(source: any ImageSource, log: inout FindingLog) {
        do throws(SystemError) {
            let header = try Header(reading: source)
            self.header = header
            if source.size < UInt64(Header.byteCount) {
                log.add(Finding(kind: .headerTruncated, fileOffset: ByteOffset(source.size), clusterCount: 0))
            }
            validate(header, fileSize: source.size, log: &log)
            if geometry != nil, header.namesBackingFile {
                backingFilename = try HeaderPass.readBackingFilename(source, header)
            }
        } catch {
            let offset = ByteOffset(UInt64(header?.backingFilenameOffset ?? 0))
            errors.add(CheckError(l1Index: nil, offset: offset, error: error))
        }
    }

    private mutating func validate(_ header: Header, fileSize: UInt64, log: inout FindingLog) {
        do throws(HeaderFault) {
            let geometry = try Geometry(validating: header, fileSize: fileSize)
            self.geometry = geometry
            addNotices(header, geometry, log: &log)
        } catch {
            fault = error
            log.add(HeaderPass.finding(error.kind, error.field, value: error.value))
        }
    }

    private func addNotices(_ header: Header, _ geometry: Geometry, log: inout FindingLog) {
        if header.headerSize == 0 {
            log.add(HeaderPass.finding(.headerSizeZero, .headerSize, value: 0))
        }
        if header.compatFeatures != 0 {
            log.add(HeaderPass.finding(.compatFeaturesUnknown, .compatFeatures, value: header.compatFeatures))
        }
        if header.autoclearFeatures != 0 {
            log.add(HeaderPass.finding(.autoclearFeaturesUnknown, .autoclearFeatures, value: header.autoclearFeatures))
        }
        if geometry.hasPartialCluster {
            log.add(
                Finding(
                    kind: .trailingPartialCluster, fileOffset: ByteOffset(geometry.wholeClustersEnd), clusterCount: 0))
        }
    }

    private static func finding(_ kind: FindingKind, _ field: HeaderField, value: UInt64) -> Finding {
        Finding(kind: kind, entryValue: value, fileOffset: ByteOffset(UInt64(field.offset)), clusterCount: 0)
    }

    /// The bytes of the name up to a NUL. Its place and length were validated with the header.
    private static func readBackingFilename(
        _ source: any ImageSource, _ header: Header
    ) throws(SystemError) -> [UInt8] {
        let start = ByteOffset(UInt64(header.backingFilenameOffset))
        let bytes = try source.bytes(at: start, count: Int(header.backingFilenameSize))
        return Array(bytes.prefix { $0 != 0 })
    }
}
