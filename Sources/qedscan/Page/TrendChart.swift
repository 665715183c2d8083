import Store

/// The trend of a pool as SVG: a stack of problems for each scan, and the leaked bytes as a line below.
struct TrendChart {
    private static let width = 820.0
    private static let left = 70.0
    private static let right = 10.0
    private static let classes = [
        (column: "damaged", style: "bad", label: "corrupt, incomplete, invalid"),
        (column: "leaking", style: "warn", label: "leaking"),
        (column: "other", style: "other", label: "unsupported, in use, changing"),
    ]

    /// Printable.
    let host: String
    /// At least one, oldest first.
    let scans: [PageRow]
    /// `scan` or `day`.
    let unit: String

    var markup: Markup {
        """
        <svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="\(summary)" viewBox="0 0 820 336">
        \(text(0, 14, "Images with problems, by \(unit)", style: "head"))\(legend)\
        \(axis(top: 44, height: 140, label: String(largestStack)))\(bars(top: 44, height: 140))\
        \(text(0, 216, "Leaked bytes", style: "head"))\
        \(axis(top: 226, height: 80, label: ByteCount.text(Int64(clamping: largestLeak))))\
        \(curve(top: 226, height: 80))\
        \(text(TrendChart.left, 326, date(scans.first)))\
        \(text(TrendChart.width - TrendChart.right, 326, date(scans.last), anchor: "end"))\
        </svg>

        """
    }

    private var summary: String {
        let problems = scans.last.map(stack) ?? 0
        let leaked = ByteCount.text(scans.last?.count("leaked_bytes") ?? 0)
        return
            "Problems and leaked bytes in the last \(scans.count) \(unit)s of \(host): \(problems) images with "
            + "problems and \(leaked) leaked in the last one"
    }

    private func date(_ scan: PageRow?) -> String { String((scan?.text("started_at") ?? "").prefix(16)) }

    /// How many images of a scan have problems.
    private func stack(_ scan: PageRow) -> Int64 {
        TrendChart.classes.reduce(0) { $0.saturatingSum(max(scan.count($1.column), 0)) }
    }

    private var largestStack: Int64 { scans.map(stack).max() ?? 0 }
    private var largestLeak: Int64 { scans.map { max($0.count("leaked_bytes"), 0) }.max() ?? 0 }
    /// The distance from one scan to the next.
    private var pitch: Double { (TrendChart.width - TrendChart.left - TrendChart.right) / Double(max(scans.count, 1)) }

    private var legend: Markup {
        var x = TrendChart.left
        var markup: Markup = ""
        for entry in TrendChart.classes {
            markup += box(x: x, y: 23, width: 11, height: 11, style: entry.style, title: entry.label)
            markup += text(x + 16, 33, entry.label)
            x += Double(entry.label.count) * 6.6 + 40
        }
        return markup
    }

    private func bars(top: Double, height: Double) -> Markup {
        let scale = height / Double(max(largestStack, 1))
        var markup: Markup = ""
        for (index, scan) in scans.enumerated() {
            var y = top + height
            for entry in TrendChart.classes {
                let count = max(scan.count(entry.column), 0)
                guard count > 0 else { continue }
                y -= Double(count) * scale
                markup += box(
                    x: TrendChart.left + Double(index) * pitch, y: y, width: max(min(pitch - 1, 40), 1),
                    height: Double(count) * scale, style: entry.style,
                    title: "scan \(scan.count("id")), \(date(scan)): \(count) \(entry.label)")
            }
        }
        return markup
    }

    private func curve(top: Double, height: Double) -> Markup {
        let scale = height / Double(max(largestLeak, 1))
        let points = scans.enumerated().map { index, scan in
            let x = TrendChart.left + Double(index) * pitch + min(pitch, 40) / 2
            return number(x) + "," + number(top + height - Double(max(scan.count("leaked_bytes"), 0)) * scale)
        }
        return "<polyline class=\"curve\" points=\"\(points.joined(separator: " "))\"/>\n"
    }

    /// The lines for zero and for the largest value, with labels.
    private func axis(top: Double, height: Double, label: String) -> Markup {
        let end = TrendChart.width - TrendChart.right
        let lines = [top, top + height].map { y -> Markup in
            """
            <line class="grid" x1="\(number(TrendChart.left))" x2="\(number(end))" y1="\(number(y))" y2="\(number(y))"/>

            """
        }
        return lines.joined() + text(TrendChart.left - 6, top + 5, label, anchor: "end")
            + text(TrendChart.left - 6, top + height + 4, "0", anchor: "end")
    }

    private func box(
        x: Double, y: Double, width: Double, height: Double, style: String, title: String
    ) -> Markup {
        """
        <rect class="\(style)" x="\(number(x))" y="\(number(y))" width="\(number(width))" height="\(number(height))">\
        <title>\(title)</title></rect>

        """
    }

    private func text(
        _ x: Double, _ y: Double, _ text: String, style: String = "label", anchor: String = "start"
    ) -> Markup {
        """
        <text class="\(style)" x="\(number(x))" y="\(number(y))" text-anchor="\(anchor)">\(text)</text>

        """
    }

    private func number(_ value: Double) -> String { Decimal.text(value, places: 1) }
}

extension Int64 {
    fileprivate func saturatingSum(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
