# shellcheck shell=bash
# The images and pools that are measured, made by qedlab. Part of bench.sh.

# What is made is on disk before anything is timed, and its writing disturbs nothing.
settle() { sync; }

# On a file system that discards what is freed at once, removing a million files takes a quarter of an hour. There,
# pools of many files that are measured warm get a file system of their own, in one sparse file.
make_disk() {
    if ! findmnt -n -o OPTIONS -T "$work" | tr ',' '\n' | grep -qx discard; then return; fi
    truncate -s 24G "$work/disk.img"
    mkdir "$work/disk"
    # Nothing is to be initialised while something is timed.
    if mkfs.ext4 -q -E lazy_itable_init=1,nodiscard "$work/disk.img" 2>/dev/null &&
        mount -o loop,noinit_itable "$work/disk.img" "$work/disk" 2>/dev/null; then
        pools=$work/disk
        note "The pools of the groups tree, rescan and growth are on an ext4 in a file: removing them takes too long where" \
            "each removal is a discard."
    else
        rm -f "$work/disk.img"
    fi
}

# ARGUMENT...: an image whose data clusters are holes.
make_image() { "$bin/qedlab" image --no-data "$@"; }

make_small_image() { [ -e "$work/small.qed" ] || make_image --size 64M "$work/small.qed"; }

# 1 TiB, in order and in random order; they stay for later groups.
make_terabytes() {
    if [ -e "$work/shuffled.qed" ]; then return; fi
    make_image --size 1T "$work/sequential.qed"
    make_image --size 1T --layout shuffled --seed 1 "$work/shuffled.qed"
    settle
}

# PATH IMAGES: a pool of images only, 2 % of them damaged.
make_pool() {
    if [ -e "$1" ]; then return; fi
    echo "making $2 images ..." >&2
    "$bin/qedlab" pool --images "$2" --damaged 2% --other-files 0 --files-per-directory 500 --seed 1 \
        "$1" >/dev/null
    settle
    # Results are used again only of images that were at least two seconds old when they were checked.
    sleep 3
}

# PATH FILES: a tree in which one of a hundred is an image.
make_tree() {
    echo "making $2 files ..." >&2
    "$bin/qedlab" pool --images $(($2 / 100)) --damaged 2% --other-files $(($2 - $2 / 100)) --files-per-directory 300 \
        --seed 1 "$1" >/dev/null
    settle
}

# FILES MEBIBYTES WHAT: whether so much can be made; says so if not.
has_room() {
    local inodes mebibytes
    inodes=$(df --output=iavail "$pools" | tail -n 1 | tr -d ' ')
    mebibytes=$(df --output=avail -B 1M "$work" | tail -n 1 | tr -d ' ')
    # Some file systems make inodes as they are needed, and say 0 or -.
    if [[ $inodes =~ ^[1-9] ]] && ((inodes < $1)); then
        note "Left out, $3: $1 files are needed, and $pools has room for $inodes."
        return 1
    fi
    if ((mebibytes < $2)); then
        note "Left out, $3: $2 MiB are needed, and $work has $mebibytes."
        return 1
    fi
}
