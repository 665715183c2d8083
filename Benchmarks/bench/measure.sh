# shellcheck shell=bash
# Times and memory of commands. Part of bench.sh.

# The statuses that a scan of a pool with damaged images may have.
scan_status='0|2|4|6|8|10|12|14'

# Something that whoever reads the figures must know.
note() { printf '%s\n' "$*" | tee -a "$notes" >&2; }

# KEY KIND WHAT PEER AIM: what the figures of a case mean. The kinds: `faster` is peer / ours, `limit` ours / peer,
# `growth` the time of a unit against that of the smallest. An aim is a ratio, or milliseconds of ours, or - for none.
describe() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >> "$cases"; }

nothing() { :; }

# NUMBER: with a comma between thousands.
grouped() { sed -E ':again; s/^([0-9]+)([0-9]{3})/\1,\2/; t again' <<< "$1"; }

# Runs a command; sets `elapsed`, in seconds, and `status`. Nothing but the command is started in between.
run() {
    local start end microseconds
    status=0
    start=$EPOCHREALTIME
    "$@" </dev/null >/dev/null 2>&1 || status=$?
    end=$EPOCHREALTIME
    microseconds=$((${end/./} - ${start/./}))
    printf -v elapsed '%d.%06d' $((microseconds / 1000000)) $((microseconds % 1000000))
}

# CASE ROUND SIDE UNIT VALUE STATUSES: keeps a figure, if the command ended as it should have: what fails is soon done.
keep() {
    case "|$6|" in
        *"|$status|"*) printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" "$status" >> "$raw" ;;
        *) echo "bench.sh: $1, round $2: $3 ended with status $status, not with $6" >&2; exit 8 ;;
    esac
}

# ROUNDS-OF-THE-PEER CASE PREPARE OURS STATUSES PEER STATUSES: both in turn, each after PREPARE, which is not timed.
# Round 0 is there to warm both, and does not count. The peer may have fewer rounds.
compare_rounds() {
    local most=$1 case=$2 prepare=$3 ours=$4 our_status=$5 peer=$6 peer_status=$7 round
    echo "$case ..." >&2
    for ((round = 0; round <= rounds; round++)); do
        "$prepare"
        run "$ours"
        keep "$case" "$round" ours s "$elapsed" "$our_status"
        if ((round > most)); then continue; fi
        "$prepare"
        run "$peer"
        keep "$case" "$round" peer s "$elapsed" "$peer_status"
    done
}

compare() { compare_rounds "$rounds" "$@"; }

# ROUNDS CASE PREPARE OURS STATUSES PEER STATUSES: the same with cold caches, and no round to warm them.
compare_cold() {
    local most=$1 case=$2 prepare=$3 ours=$4 our_status=$5 peer=$6 peer_status=$7 round
    echo "$case ..." >&2
    for ((round = 1; round <= most; round++)); do
        "$prepare"
        drop_caches
        run "$ours"
        keep "$case" "$round" ours s "$elapsed" "$our_status"
        drop_caches
        run "$peer"
        keep "$case" "$round" peer s "$elapsed" "$peer_status"
    done
}

# Forgets what is cached of all files, but for the programs: a small image is checked with both, and listed.
drop_caches() {
    sync
    echo 3 > /proc/sys/vm/drop_caches
    "$bin/qedscan" check "$work/small.qed" >/dev/null
    find "$work/small.qed" -print0 | xargs -0 qemu-img check -f qed >/dev/null
}

can_drop_caches() {
    [ -w /proc/sys/vm/drop_caches ] && [ "$(findmnt -n -o FSTYPE -T "$work")" != tmpfs ]
}

# CASE FILE OUR-STATUSES PEER-STATUSES: peak resident memory of both, by the kernel's own accounting; two rounds, since
# it hardly varies.
compare_memory() {
    local case=$1 file=$2 round
    echo "$case ..." >&2
    for round in 1 2; do
        peak "$bin/qedscan" check "$file"
        keep "$case" "$round" ours KiB "$kibibytes" "$3"
        peak qemu-img check -f qed "$file"
        if [ "$status" = 124 ]; then
            note "$case: \`qemu-img check\` took more than $time_limit s."
            return
        fi
        keep "$case" "$round" peer KiB "$kibibytes" "$4"
    done
}

# Runs a command; sets `kibibytes` and `status`, 124 if it took too long.
peak() {
    status=0
    /usr/bin/time -q -o "$work/peak" -f %M timeout "$time_limit" "$@" </dev/null >/dev/null 2>&1 || status=$?
    kibibytes=$(<"$work/peak")
}

# Fails unless the store has all images of the pool: a scan that saw none is soon done. One of the defects leaves no byte.
expect_images() {
    local count expected
    count=$(sqlite3 "$QEDSCAN_DB" 'SELECT count(*) FROM image')
    expected=$(find "$pool" -name 'vm-*.qed' -size +0 | wc -l)
    if [ "$count" != "$expected" ]; then
        echo "bench.sh: the scan of $pool found $count images, not $expected" >&2
        exit 8
    fi
}

describe_machine() {
    local device
    device=$(findmnt -n -o SOURCE -T "$work")
    date -u +'%Y-%m-%d %H:%M:%S UTC'
    uname -srm
    sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1
    echo "$cores cores, $(awk '/MemTotal/ { print int($2 / 1048576 + 0.5) }' /proc/meminfo) GiB of memory"
    echo "$device, $(findmnt -n -o FSTYPE,OPTIONS -T "$work" | tr -s ' '), $(rotation "$device")"
    "$bin/qedscan" version
    qemu-img --version | head -n 1
    echo "sqlite $(sqlite3 --version | cut -d' ' -f1), $(find --version | head -n 1)"
    echo "source: $(git -C "$here" describe --always --dirty 2>/dev/null || echo unknown)"
    echo "load at the start: $(cut -d' ' -f1-3 /proc/loadavg)"
}

rotation() {
    case $(lsblk -n -d -o ROTA "$1" 2>/dev/null | tr -d ' ') in
        0) echo "not rotational" ;;
        1) echo "rotational, as the kernel sees it" ;;
        *) echo "rotational or not: unknown" ;;
    esac
}

chart_subtitle() {
    local qemu
    qemu=$(qemu-img --version | sed -n 's/.*version \([0-9.]*\).*/qemu-img \1/p')
    echo "$(date -u +%Y-%m-%d), $("$bin/qedscan" version | head -n 1), $qemu," \
        "$cores cores, $(findmnt -n -o FSTYPE -T "$work"); $([ -n "${QUICK:-}" ] && echo 'quick run of ')$rounds rounds"
}
