import CommandSyntax
import Files
import QED
import Store

extension ShowCommand {
    static let mapOptions = [
        OptionSpec("no-map", help: "leave the map of clusters out: the image's file is then not opened"),
        OptionSpec("svg", value: "FILE", kind: .file, help: "write the map of clusters as an SVG"),
    ]

    /// Prints the map, or in one line why there is none.
    func printMap(_ map: ShownMap, _ palette: Palette) {
        StandardOutput.writeLine("\n" + palette.bold("map"))
        let columns = StandardOutput.columns
        let cells = ClusterMapText.cells(columns: columns)
        do throws(MapRefusal) {
            let usage = try map.read(fileCells: cells.file, guestCells: cells.guest)
            let text = ClusterMapText(usage: usage, columns: columns, palette: palette)
            for line in text.lines { StandardOutput.writeLine(line) }
        } catch {
            StandardOutput.writeLine("not shown: \(error.reason)")
        }
    }

    /// The map's totals as JSON.
    func jsonMap(_ map: ShownMap) -> String {
        do throws(MapRefusal) {
            return ClusterMapJSON.object(try map.read(fileCells: 1, guestCells: 1))
        } catch {
            return ClusterMapJSON.object(unavailable: error.reason)
        }
    }

    /// Writes the map as an SVG.
    func writeSVG(_ map: ShownMap, to path: RawPath) -> ExitStatus {
        let file = PrintableText.escaping(path.bytes)
        let usage: ClusterUsage
        do throws(MapRefusal) {
            usage = try map.read(fileCells: ClusterMapSVG.cells.file, guestCells: ClusterMapSVG.cells.guest)
        } catch {
            Diagnostic.error("\(file): there is no map to write: \(error.reason)")
            return .failed
        }
        do throws(SystemError) {
            let svg = ClusterMapSVG(usage: usage, name: PrintableText.escaping(map.path.bytes))
            try OutputFile.write(svg.text(.document), to: path)
            return .success
        } catch {
            Diagnostic.error("\(file): \(error)")
            return .failed
        }
    }
}
