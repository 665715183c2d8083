import CommandSyntax
import Files
import QED
import Store

/// The maps of the page's images, read from their files now; no more than somebody would wait for.
struct PageMaps {
    static let limit = 50
    private static let cells = (file: 400, guest: 300)
    /// For all of them.
    private static let duration = Duration.seconds(20)
    private static let limits = CheckLimits(memory: MemoryBudget(limit: 64 << 20), baseSeconds: 5)

    private let deadline = ContinuousClock.now + duration
    private var count = 0

    /// The map of an image as an SVG, or why there is none.
    mutating func markup(of image: PageImage) -> Markup {
        do throws(MapRefusal) {
            return try svg(of: image)
        } catch {
            return "<p class=\"soft\">No map: \(error.reason).</p>\n"
        }
    }

    private mutating func svg(of image: PageImage) throws(MapRefusal) -> Markup {
        guard count < PageMaps.limit else {
            throw MapRefusal(reason: "there are \(PageMaps.limit) maps already; 'qedscan show' draws this one")
        }
        let deadline = deadline
        let isLate: @Sendable () -> Bool = { ContinuousClock.now >= deadline }
        let map = ShownMap(
            path: image.row.path, checked: image.checked, host: image.row.exactText("host") ?? "",
            checkedBy: image.row.exactText("node"), limits: PageMaps.limits, isCancelled: isLate)
        let late = MapRefusal(reason: "the time for maps was used up; 'qedscan show' draws this one")
        guard !isLate() else { throw late }
        let usage = try map.read(fileCells: PageMaps.cells.file, guestCells: PageMaps.cells.guest)
        guard !isLate() else { throw late }
        count += 1
        let name = PrintableText.escaping(image.row.path.bytes)
        let svg = Markup(trusted: ClusterMapSVG(usage: usage, name: name).text(.embedded))
        return "<div class=\"scroll\" role=\"region\" aria-label=\"Map\" tabindex=\"0\">\n\(svg)</div>\n"
    }
}

extension PageImage {
    /// The file as it was at the latest check. Device and inode numbers are 64-bit patterns in the store.
    fileprivate var checked: FileIdentity {
        FileIdentity(
            device: UInt64(bitPattern: row.count("device")), inode: UInt64(bitPattern: row.count("inode")),
            size: UInt64(max(row.count("file_size"), 0)), modificationTime: row.count("mtime_ns"),
            changeTime: row.count("ctime_ns"))
    }
}
