import CommandSyntax
import Repair

/// The options that repairs and undos share.
extension AccessOptions {
    static let specs: [OptionSpec] = [
        OptionSpec(
            "settle", value: "TIME", help: "how long an image must not have changed: 10s, 2m",
            default: "10s, on network file systems 65s"),
        OptionSpec("hard-links", help: "take images that have several names, none of which is in use"),
        OptionSpec("trust-locks", help: "take images of which only locks can tell who has them open"),
        OptionSpec("only-host", help: "no other host uses the network file system, so its locks need not reach one"),
        LockWait.spec,
    ]

    init(_ parsed: ParsedCommand) throws(UsageError) {
        self.init()
        quietPeriod = try parsed.duration(of: "settle")
        allowsHardLinks = parsed.has("hard-links")
        trustsLocks = parsed.has("trust-locks")
        isOnlyHost = parsed.has("only-host")
    }
}
