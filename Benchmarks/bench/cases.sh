# shellcheck shell=bash
# The cases, in groups. Part of bench.sh.

# --- Ours, and the peers. Functions, so that no case starts more than the programs themselves.

check_sequential() { "$bin/qedscan" check "$work/sequential.qed"; }
peer_sequential() { qemu-img check -f qed "$work/sequential.qed"; }
read_sequential() { "$bin/qedlab" read-tables "$work/sequential.qed"; }
check_shuffled() { "$bin/qedscan" check "$work/shuffled.qed"; }
peer_shuffled() { qemu-img check -f qed "$work/shuffled.qed"; }
read_shuffled() { "$bin/qedlab" read-tables "$work/shuffled.qed"; }

scan_pool() { "$bin/qedscan" scan -q "$pool"; }
peer_pool() { find "$pool" -type f -print0 | xargs -0 -P"$cores" -n1 qemu-img check; }
list_files() { find "$pool" -type f; }
list_times() { find "$pool" -printf '%s %T@\n'; }
remove_store() { rm -f "$QEDSCAN_DB"*; }

our_version() { "$bin/qedscan" version; }
peer_version() { qemu-img --version; }

# --- The groups

one_image() {
    make_terabytes
    describe check-sequential faster '1 TiB written in order, warm' 'qemu-img check' 10
    compare check-sequential nothing check_sequential 0 peer_sequential '0|3'
    describe check-shuffled faster '1 TiB in random order, warm' 'qemu-img check' 6
    compare check-shuffled nothing check_shuffled 0 peer_shuffled '0|3'
    describe limit-sequential limit '1 TiB written in order: check' 'only reading the tables' 2
    compare limit-sequential nothing check_sequential 0 read_sequential 0
    describe limit-shuffled limit '1 TiB in random order: check' 'only reading the tables' 2
    compare limit-shuffled nothing check_shuffled 0 read_shuffled 0
}

cold() {
    if ! can_drop_caches; then
        note "Left out: what is cold. It takes root, and a file system on a disk."
        return
    fi
    make_small_image
    make_terabytes
    describe cold-sequential faster '1 TiB written in order, cold' 'qemu-img check' 4
    compare_cold "$rounds" cold-sequential nothing check_sequential 0 peer_sequential '0|3'
    describe cold-shuffled faster '1 TiB in random order, cold' 'qemu-img check' 4
    compare_cold "$rounds" cold-shuffled nothing check_shuffled 0 peer_shuffled '0|3'
    pool=$work/pool
    make_pool "$pool" "$images"
    describe cold-small faster "$(grouped "$images") small images, cold" "find | xargs -P$cores -n1 qemu-img check" -
    compare_cold "$cold_rounds" cold-small remove_store scan_pool "$scan_status" peer_pool '0|123'
    note "Cold: the caches of this machine are dropped before each command; what is below it may still cache." \
        "The programs themselves are warm. Rounds of small images: $cold_rounds."
}

small() {
    pool=$work/pool
    make_pool "$pool" "$images"
    describe small faster "$(grouped "$images") small images, warm" "find | xargs -P$cores -n1 qemu-img check" 300
    compare_rounds "$peer_rounds" small remove_store scan_pool "$scan_status" peer_pool '0|123'
    remove_store
    run scan_pool
    expect_images
    if [ "$peer_rounds" != "$rounds" ]; then
        note "$(grouped "$images") small images, warm: $rounds rounds of qedscan, $peer_rounds of the peer."
    fi
    rm -rf "$pool"
}

tree() {
    # A quarter of the files have 16 KiB, half of them a block.
    has_room $((tree_files * 11 / 10)) $((tree_files / 125)) "$tree_files files" || return 0
    pool=$pools/tree
    make_tree "$pool" "$tree_files"
    describe tree limit "$(grouped "$tree_files") files, 1 % images: scan into a new store" 'find -type f' 4
    compare tree remove_store scan_pool "$scan_status" list_files 0
    remove_store
    run scan_pool
    expect_images
    rm -rf "$pool"
}

rescan() {
    has_room $((rescan_images * 11 / 10)) $((rescan_images / 20)) "$rescan_images images" || return 0
    pool=$pools/pool-$rescan_images
    make_pool "$pool" "$rescan_images"
    remove_store
    run scan_pool
    expect_images
    describe rescan limit "$(grouped "$rescan_images") images, unchanged: scan" "find -printf '%s %T@'" 2
    compare rescan nothing scan_pool "$scan_status" list_times 0
}

growth() {
    local size round
    describe growth-check growth 'check of N TiB' '' 1.1
    make_small_image
    for size in $growth_tib; do make_image --size "${size}T" "$work/growth-$size.qed"; done
    settle
    echo "growth-check ..." >&2
    for ((round = 0; round <= rounds; round++)); do
        run "$bin/qedscan" check "$work/small.qed"
        keep growth-check "$round" 0 s "$elapsed" 0
        for size in $growth_tib; do
            run "$bin/qedscan" check "$work/growth-$size.qed"
            keep growth-check "$round" "$size" s "$elapsed" 0
        done
    done
    rm -f "$work"/growth-*.qed

    size=${growth_images##* }
    has_room $((size * 11 / 10)) $((size / 20)) "growth to $size images" || return 0
    describe growth-scan growth 'scan of N images into a new store' '' 1.1
    mkdir -p "$pools/pool-0"
    for size in $growth_images; do make_pool "$pools/pool-$size" "$size"; done
    echo "growth-scan ..." >&2
    for ((round = 0; round <= rounds; round++)); do
        for size in 0 $growth_images; do
            pool=$pools/pool-$size
            remove_store
            run scan_pool
            keep growth-scan "$round" "$size" s "$elapsed" "$scan_status"
            if ((round == 0)); then expect_images; fi
        done
    done
    rm -rf "$pools"/pool-*
}

memory() {
    memory_of memory-1t 1 -  '1 TiB image: memory' --size 1T
    if [ -n "${QUICK:-}" ]; then
        note "Left out: memory of images of 8 and 64 TiB, and of clusters of 4 KiB."
        return
    fi
    memory_of memory-8t 8 1 '8 TiB image: memory' --size 8T
    # Most file systems have no files of 64 TiB: of the largest image that clusters of 64 KiB allow, a fifth is in use.
    memory_of memory-64t 64 - '64 TiB image, a fifth in use: memory' --size 64T --allocated 20% --seed 1
    # The largest image that clusters of 4 KiB allow.
    memory_of memory-4k 4 - '256 GiB image, 4 KiB clusters: memory' --cluster-size 4K --table-size 16 --size 256G
}

# CASE EIGHTHS-OF-A-GIBIBYTE AIM WHAT ARGUMENT...: the memory of one image, which takes so much disk.
memory_of() {
    local case=$1 eighths=$2 aim=$3 what=$4
    shift 4
    has_room 1 $((eighths * 140)) "$what" || return 0
    if ! make_image "$@" "$work/$case.qed" 2> "$work/refusal"; then
        note "Left out, $what: $(<"$work/refusal")"
    else
        settle
        describe "$case" limit "$what" 'qemu-img check' "$aim"
        compare_memory "$case" "$work/$case.qed" 0 '0|3'
    fi
    rm -f "$work/$case.qed"
}

start_up() {
    describe start-up limit 'start-up: qedscan version' 'qemu-img --version' '10 ms'
    compare start-up nothing our_version 0 peer_version 0
}
