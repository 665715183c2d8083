import CommandSyntax
import Lab

extension ParsedCommand {
    /// `--seed`, 0 if it is not given.
    func seed() throws(UsageError) -> UInt64 {
        guard let value = value(of: "seed") else { return 0 }
        guard let seed = UInt64(value.text) else {
            throw refusal(of: value, option: "seed", because: "is not a whole number")
        }
        return seed
    }

    /// A percentage such as `12.5%` as a share of 0...1.
    func share(of option: String) throws(UsageError) -> Double? {
        guard let value = value(of: option) else { return nil }
        guard let share = ParsedCommand.share(value) else {
            throw refusal(of: value, option: option, because: "is not a percentage such as 5% or 12.5%")
        }
        return share
    }

    /// `all`, a number of clusters, or a percentage of them.
    func guestClusters(of option: String) throws(UsageError) -> ImagePlan.GuestClusters? {
        guard let value = value(of: option) else { return nil }
        if value.text == "all" { return .all }
        if let count = UInt64(value.text) { return .first(count) }
        if let share = ParsedCommand.share(value) { return .share(share) }
        throw refusal(of: value, option: option, because: "is not all, a number, or a percentage such as 5%")
    }

    /// A size in bytes that fits the header's field.
    func byteCount32(of option: String) throws(UsageError) -> UInt32? {
        guard let size = try byteCount(of: option), let value = value(of: option) else { return nil }
        guard let size = UInt32(exactly: size) else {
            throw refusal(of: value, option: option, because: "is too large")
        }
        return size
    }

    private static func share(_ value: RawArgument) -> Double? {
        guard value.text.hasSuffix("%"), let percent = Double(value.text.dropLast()), (0...100).contains(percent)
        else { return nil }
        return percent / 100
    }
}
