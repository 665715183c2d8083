/// The program's name and version, for what it prints, writes and keeps.
enum Release {
    static let name = "qedscan"
    static let version = "0.1.0"
    /// The date of the manual page.
    static let date = "2026-11-22"
}
