# From cases.tsv and raw.tsv to figures.tsv: medians, spreads, ratios round by round, and whether the aim is met.

BEGIN {
    FS = OFS = "\t"
    print "case", "kind", "what", "peer", "unit", "rounds", "ours", "ours_min", "ours_max", \
        "peer_median", "peer_min", "peer_max", "ratio", "ratio_min", "ratio_max", "aim", "aim_ratio", "met"
}

FNR == 1 { file++; next }

file == 1 {
    order[++case_count] = $1
    kind[$1] = $2; what[$1] = $3; peer[$1] = $4; aim[$1] = $5
    next
}

# Round 0 warms.
$2 == 0 { next }

{
    unit[$1] = $4
    value[$1, $2, $3] = $5
    if ($2 > rounds[$1]) rounds[$1] = $2
    if (!(($1, $3) in seen)) {
        seen[$1, $3] = 1
        sides[$1] = sides[$1] (sides[$1] == "" ? "" : " ") $3
    }
}

END {
    for (i = 1; i <= case_count; i++) {
        name = order[i]
        if (kind[name] == "growth") grow(name)
        else compare(name)
    }
}

# Collects the values of a side in `list`, and returns how many there are.
function collect(name, side, list,   round, n) {
    n = 0
    for (round = 1; round <= rounds[name]; round++)
        if ((name, round, side) in value) list[++n] = value[name, round, side]
    return n
}

function compare(name,   list, n, m, round, ours, ours_spread, peers, aim_ratio, met, peer_median) {
    n = collect(name, "ours", list)
    if (n == 0) return
    summarise(list, n)
    ours = median
    ours_spread = least OFS most
    m = collect(name, "peer", list)
    if (m == 0) {
        print name, kind[name], what[name], peer[name], unit[name], n, ours, ours_spread, \
            "-", "-", "-", "-", "-", "-", "-", "-", "-"
        return
    }
    summarise(list, m)
    peer_median = median
    peers = median OFS least OFS most
    m = 0
    for (round = 1; round <= rounds[name]; round++)
        if ((name, round, "ours") in value && (name, round, "peer") in value)
            list[++m] = kind[name] == "faster" ? value[name, round, "peer"] / value[name, round, "ours"] \
                : value[name, round, "ours"] / value[name, round, "peer"]
    summarise(list, m)
    aim_ratio = "-"
    met = "-"
    if (aim[name] ~ / ms$/) {
        # An aim in milliseconds has its place among the ratios where ours would take so long.
        aim_ratio = aim[name] / 1000 / peer_median
        met = ours * 1000 < aim[name] + 0 ? "yes" : "no"
    } else if (aim[name] != "-") {
        aim_ratio = aim[name]
        met = (kind[name] == "faster" ? median >= aim_ratio + 0 : median <= aim_ratio + 0) ? "yes" : "no"
    }
    print name, kind[name], what[name], peer[name], unit[name], n == m ? n : n "/" m, ours, ours_spread, peers, \
        median, least, most, aim[name], aim_ratio, met
}

# Side 0 is the start-up, the others are sizes: the time of a unit without the start-up, against that of the smallest.
function grow(name,   size, n, m, round, list, k, start, first, smallest, unit_time, spread, times) {
    n = collect(name, 0, list)
    if (n == 0) return
    summarise(list, n)
    start = median
    n = split(sides[name], size, " ")
    smallest = size[2]
    for (k = 2; k <= n; k++) {
        m = 0
        for (round = 1; round <= rounds[name]; round++)
            times[++m] = (value[name, round, size[k]] - start) / size[k]
        summarise(times, m)
        unit_time = median
        spread = least OFS most
        m = 0
        for (round = 1; round <= rounds[name]; round++) {
            first = (value[name, round, smallest] - start) / smallest
            # Too small to be told from the start-up.
            if (first <= 0) continue
            list[++m] = (value[name, round, size[k]] - start) / size[k] / first
        }
        if (m == 0) continue
        summarise(list, m)
        text = what[name]
        sub(/ N /, " " grouped(size[k]) " ", text)
        print name "-" size[k], "growth", text, "the unit of " grouped(smallest), unit[name], m, unit_time, spread, \
            start, "-", "-", \
            median, least, most, k == 2 ? "-" : aim[name], k == 2 ? "-" : aim[name], \
            k == 2 ? "-" : (median <= aim[name] + 0 ? "yes" : "no")
    }
}

# With a comma between thousands.
function grouped(number) {
    while (match(number, /[0-9][0-9][0-9][0-9]+/))
        number = substr(number, 1, RSTART + RLENGTH - 4) "," substr(number, RSTART + RLENGTH - 3)
    return number
}
