import CommandSyntax
import Files
import Glibc

/// Command lines for the reader. They name the store unless it is the default one.
struct PageCommands {
    private let store: String
    /// Whether the store is merged: images are then repaired from the stores of their hosts.
    let isMerged: Bool

    /// - Parameter storePath: nil for the default store.
    init(storePath: String?, isMerged: Bool) {
        self.isMerged = isMerged
        guard let storePath else {
            store = ""
            return
        }
        let path: RawPath
        do throws(SystemError) {
            path = try RawPath(storePath).resolved()
        } catch {
            path = RawPath(storePath)
        }
        store = " --db " + ShellWord.quoting(path.bytes)
    }

    /// The store as named by option or environment; nil for the default one.
    static func named(_ parsed: ParsedCommand, _ path: String) -> String? {
        parsed.value(of: "db") != nil || getenv("QEDSCAN_DB") != nil ? path : nil
    }

    /// Without the number.
    var undo: String { "\(Release.name) undo" + store }
    /// For all images.
    var repair: String { "\(Release.name) repair" + (isMerged ? "" : store) + " -n" }

    func repair(_ image: RawPath) -> String { repair + " " + ShellWord.quoting(image.bytes) }
    func report(_ name: String) -> String { "\(Release.name) report" + store + " " + name }
}
