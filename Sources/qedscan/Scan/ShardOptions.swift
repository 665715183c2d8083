import CommandSyntax
import PoolScan

/// `--shard` and `--shard-by`: the part of the pool that a scan checks.
enum ShardOptions {
    static let spec = OptionSpec(
        "shard", value: "K/N",
        help: "check only part K of N of the files, such as 3/8; each part still walks all directories")

    static let basisSpec = OptionSpec(
        "shard-by", value: "WHAT", kind: .oneOf(cases: ShardRequest.Basis.self),
        help: "divide the files by count, or by total size; size first reads the size of every file",
        default: ShardRequest.Basis.count.rawValue)

    /// nil if all files are to be checked.
    static func request(_ parsed: ParsedCommand) throws(UsageError) -> ShardRequest? {
        let basis = try parsed.choice(of: "shard-by", as: ShardRequest.Basis.self)
        guard let value = parsed.value(of: "shard") else {
            if basis != nil { throw parsed.usageError("--shard-by can be used only with --shard") }
            return nil
        }
        let numbers = value.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(number)
        if numbers.count == 2, let number = numbers[0], let count = numbers[1],
            let request = ShardRequest(number: number, count: count, basis: basis ?? .count)
        {
            return request
        }
        let expected = "K/N with 1 <= K <= N <= \(ShardRequest.largestCount), such as 3/8"
        throw parsed.usageError("option '--shard': '\(value.printable)' is not \(expected)")
    }

    /// The number that the digits stand for; nil if they are not digits, or too many.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        let (zero, nine) = (UInt8(ascii: "0"), UInt8(ascii: "9"))
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= zero && $0 <= nine }) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
