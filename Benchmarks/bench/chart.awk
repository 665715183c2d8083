# From figures.tsv to chart.svg: three panels of ratios on scales of powers of ten. Variable: subtitle.
# A point is a median, the line through it goes from the smallest round to the largest, the mark across is the aim.

BEGIN {
    FS = "\t"
    width = 880; left = 350; right = 730; row_height = 34
}

# The smallest of a growth is 1 of itself.
FNR == 1 || $13 == "-" || $2 == "growth" && $17 == "-" { next }

{
    if (!($2 in row_count)) panels[++panel_count] = $2
    i = ++row_count[$2]
    row[$2, i] = $0
    widen($2, $14)
    widen($2, $15)
    if ($17 != "-") widen($2, $17)
}

END {
    if (panel_count == 0) exit
    height = 64
    for (p = 1; p <= panel_count; p++) height += 76 + row_count[panels[p]] * row_height
    height += 34
    begin_picture()
    y = 72
    # In one order, whichever group was measured first.
    draw_panel("faster")
    draw_panel("limit")
    draw_panel("growth")
    legend(height - 22)
    print "</svg>"
}

function widen(kind, value) {
    if (low[kind] == "" || value < low[kind]) low[kind] = value + 0
    if (high[kind] == "" || value > high[kind]) high[kind] = value + 0
}

function begin_picture() {
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\"", \
        width, height, width, height
    print " aria-labelledby=\"title\" font-family=\"-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif\" font-size=\"13\">"
    print "<title id=\"title\">qedscan against qemu-img and against limits: ratios, their spread, and the aims</title>"
    print "<style>"
    # With a ground of its own the picture can be read even where the page and the reader's system differ in mode.
    print "  svg { --ground: #ffffff; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --good: #0969da; --bad: #bc4c00; --aim: #1f2328 }"
    print "  @media (prefers-color-scheme: dark) {"
    print "    svg { --ground: #0d1117; --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; --good: #58a6ff; --bad: #f0883e; --aim: #f0f6fc }"
    print "  }"
    print "  .ground { fill: var(--ground) } text { fill: var(--ink) } .soft { fill: var(--soft); font-size: 11.5px }"
    print "  .head { font-weight: 600; font-size: 15px } .grid { stroke: var(--line) } .aim { stroke: var(--aim); stroke-width: 2 }"
    print "  .met { stroke: var(--good); fill: var(--good) } .missed { stroke: var(--bad); fill: var(--ground) }"
    print "  .free { stroke: var(--soft); fill: var(--soft) } .whisker { stroke-width: 2 } .value { font-weight: 600 }"
    print "</style>"
    printf "<rect class=\"ground\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n", width, height
    text(24, 30, "head", "start", "How fast")
    text(24, 50, "soft", "start", subtitle)
}

function draw_panel(kind,   i, bottom) {
    if (!(kind in row_count)) return
    if (kind == "faster") {
        text(24, y + 12, "head", "start", "Times as fast as qemu-img")
        text(right, y + 12, "soft", "end", "larger is better \342\206\222")
    } else if (kind == "limit") {
        text(24, y + 12, "head", "start", "Time or memory, in multiples of a limit's")
        text(left, y + 12, "soft", "start", "\342\206\220 smaller is better")
    } else {
        text(24, y + 12, "head", "start", "Growth: time of a unit")
        text(left, y + 12, "soft", "start", "\342\206\220 smaller is better; 1 is linear")
    }
    from = log10(low[kind]) - 0.06
    to = log10(high[kind]) + 0.06
    # 1 is always there: faster or slower than the peer.
    if (from > -0.04) from = -0.04
    if (to < 0.04) to = 0.04
    y += 24
    bottom = y + row_count[kind] * row_height
    scale(y, bottom)
    for (i = 1; i <= row_count[kind]; i++) draw_row(kind, row[kind, i], y + (i - 0.5) * row_height)
    y = bottom + 52
}

# Lines at 1, 2 and 5 of every power of ten; if that is too few or too many, other ones.
function scale(top, bottom,   step, power, value, steps, n, i) {
    n = split(to - from > 2.6 ? "1" : to - from > 0.6 ? "1 2 5" : "1 1.2 1.5 2 3 5 7 8 9", steps, " ")
    for (power = int(from) - 1; power <= to; power++)
        for (i = 1; i <= n; i++) {
            value = steps[i] * 10 ^ power
            if (value < 0.0099 || log10(value) < from || log10(value) > to) continue
            # At 1 both are equal.
            weight = (value > 0.999 && value < 1.001) ? 2 : 1
            printf "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke-width=\"%d\"/>\n", x(value), \
                x(value), top, bottom, weight
            text(x(value), bottom + 16, "soft", "middle", sprintf("%g", value) "\303\227")
        }
}

function draw_row(kind, line, middle,   f, style) {
    split(line, f, "\t")
    style = f[18] == "yes" ? "met" : f[18] == "no" ? "missed" : "free"
    text(24, middle - 2, "", "start", f[3])
    text(24, middle + 12, "soft", "start", kind == "growth" ? "against " f[4] : "against " f[4])
    if (f[17] != "-")
        printf "<line class=\"aim\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", x(f[17]), x(f[17]), middle - 10, middle + 10
    printf "<line class=\"%s whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", style, x(f[14]), x(f[15]), middle, middle
    whisker_end(style, x(f[14]), middle)
    whisker_end(style, x(f[15]), middle)
    printf "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\" stroke-width=\"2\"/>\n", style, x(f[13]), middle
    text(right + 14, middle - 2, "value", "start", number(f[13]) "\303\227")
    text(right + 14, middle + 12, "soft", "start", aim(kind, f[16], f[18]))
}

function whisker_end(style, at, middle) {
    printf "<line class=\"%s whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n", style, at, at, middle - 4, middle + 4
}

function aim(kind, value, met) {
    if (value == "-") return "no aim"
    if (value ~ / ms$/) return "aim: below " value (met == "no" ? ", missed" : "")
    return "aim: " (kind == "faster" ? "\342\211\245 " : "\342\211\244 ") value "\303\227" (met == "no" ? ", missed" : "")
}

function legend(at) {
    circle("met", 30, at); text(42, at + 4, "soft", "start", "aim met")
    circle("missed", 112, at); text(124, at + 4, "soft", "start", "aim missed")
    circle("free", 212, at); text(224, at + 4, "soft", "start", "no aim")
    printf "<line class=\"aim\" x1=\"284\" x2=\"284\" y1=\"%d\" y2=\"%d\"/>\n", at - 8, at + 8
    text(294, at + 4, "soft", "start", "the aim")
    text(354, at + 4, "soft", "start", "Median, and the smallest and largest of all rounds. Logarithmic scales.")
}

function circle(style, at_x, at_y) {
    printf "<circle class=\"%s\" cx=\"%d\" cy=\"%d\" r=\"5\" stroke-width=\"2\"/>\n", style, at_x, at_y
}

function x(value) { return left + (log10(value) - from) / (to - from) * (right - left) }

# What is no more than a hundredth, or less than nothing in a growth that is lost in the start-up, is at the edge.
function log10(value) { return log(value > 0.01 ? value : 0.01) / log(10) }

function number(value) { return sprintf(value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value) }

function text(at_x, at_y, style, anchor, words) {
    gsub(/&/, "\\&amp;", words)
    gsub(/</, "\\&lt;", words)
    gsub(/>/, "\\&gt;", words)
    printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", at_x, at_y, anchor, style == "" ? "" : " class=\"" style "\"", words
}
