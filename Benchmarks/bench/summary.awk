# From figures.tsv to summary.md. Variables: machine and notes, two files of lines.

BEGIN {
    FS = "\t"
    printf "# Benchmark\n\n```\n"
    while ((getline line < machine) > 0) print line
    printf "```\n\n"
    print "Both programs in turn in one run (ours, peer, ours, peer ...), after one round that is not counted; medians, with the"
    print "smallest and the largest in brackets. The ratio is taken round by round. All rounds are in `raw.tsv`."
}

FNR == 1 { next }

# Each table as a whole, whichever group was measured first.
$2 == "faster" || $2 == "limit" {
    rows[$2] = rows[$2] sprintf("| %s | %s | %s | %s | **%s** (%s-%s) | %s | %s |\n", $3, cell($4), spread($5, $7, $8, $9), spread($5, $10, $11, $12), \
        ratio($13), ratio($14), ratio($15), aim($2, $16), $18)
}

$2 == "growth" {
    rows[$2] = rows[$2] sprintf("| %s | %s | %s | **%s** (%s-%s) | %s | %s |\n", $3, spread($5, $7, $8, $9), spread($5, $10, "-", "-"), \
        ratio($13), ratio($14), ratio($15), aim($2, $16), $18)
}

END {
    table("faster")
    table("limit")
    table("growth")
    if ((getline line < notes) <= 0) exit
    printf "\n## To know\n\n"
    do print "- " line; while ((getline line < notes) > 0)
}

function table(kind) {
    if (!(kind in rows)) return
    if (kind == "faster") {
        printf "\n## Against qemu-img: **times as fast**, larger is better\n\n"
        print "| case | peer | qedscan | peer | peer / qedscan | aim | met |"
        print "|---|---|---|---|---|---|---|"
    } else if (kind == "limit") {
        printf "\n## Against a limit: **multiples of its time or memory**, smaller is better\n\n"
        print "| case | peer | qedscan | peer | qedscan / peer | aim | met |"
        print "|---|---|---|---|---|---|---|"
    } else {
        printf "\n## Growth: time of a unit, against that of the smallest; 1 is linear, smaller is better\n\n"
        print "| case | of a unit, without the start-up | start-up | against the smallest | aim | met |"
        print "|---|---|---|---|---|---|"
    }
    printf "%s", rows[kind]
}

function cell(text) {
    gsub(/\|/, "\\|", text)
    return "`" text "`"
}

function aim(kind, value) {
    if (value == "-" || value ~ / ms$/) return value == "-" ? "-" : "< " value
    return (kind == "faster" ? "at least " : "at most ") value
}

function ratio(value) { return value == "-" ? "-" : sprintf(value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value) }

function spread(unit, middle, least, most) {
    if (middle == "-") return "-"
    return amount(unit, middle) (least == "-" ? "" : " (" amount(unit, least) "-" amount(unit, most) ")")
}

function amount(unit, value) {
    if (unit == "KiB") return sprintf("%.1f MiB", value / 1024)
    if (value < 0.0005) return sprintf("%.1f us", value * 1000000)
    if (value < 0.5) return sprintf("%.1f ms", value * 1000)
    return sprintf("%.2f s", value)
}
