import CommandSyntax

/// What the manual page says beside the commands.
extension Program {
    /// Of this version.
    static let date = "2026-11-22"

    static let manSections = ManSections(
        environment: [
            .init("QEDSCAN_DB", "The store, where no --db is given."),
            .init("XDG_STATE_HOME", "Where the store of a user other than root is."),
            .init("NO_COLOR", "If set to anything but an empty string, output is not coloured."),
        ],
        files: [
            .init("/var/lib/qedscan/qedscan.db", "The store of root."),
            .init("~/.local/state/qedscan/qedscan.db", "The store of other users."),
            .init("/etc/qedscan/POOL.conf", "What the units qedscan-scan@POOL.timer and .service scan."),
        ],
        exitStatus: [
            .init("0", "All is well."),
            .init("1", "Something was wrong and has been repaired."),
            .init("2", "There are leaks."),
            .init("4", "There is corruption."),
            .init("8", "Something could not be checked or done: unreadable, in use, changing, not a valid image."),
            .init("16", "The command line is wrong."),
            .init("32", "The scan was interrupted."),
            .init(
                "check",
                "Has the statuses of qemu-img check instead: 0 consistent, 1 not completed, 2 corruptions, "
                    + "3 leaks, 63 the format has no check. Others are added up from those above."),
        ],
        seeAlso: [.init("qemu-img", 1), .init("sqlite3", 1)])
}
