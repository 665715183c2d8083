/// Chooses the directory of each file of a pool.
struct FileDirectories {
    /// How many files a directory gets before the next ones go into a subdirectory; nil for no limit.
    private let limit: Int?
    private var fileCounts: [String: Int] = [:]

    init(limit: Int?) { self.limit = limit }

    /// The directory of the next file: empty, or with a slash at its end.
    mutating func next(using random: inout SeededRandom) -> String {
        let directory = FileDirectories.directory(using: &random)
        guard let limit else { return directory }
        let count = fileCounts[directory, default: 0]
        fileCounts[directory] = count + 1
        let part = count / max(limit, 1)
        return part == 0 ? directory : "\(directory)part-\(part)/"
    }

    /// The top, or up to three levels down.
    private static func directory(using random: inout SeededRandom) -> String {
        let levels = ["site", "rack", "host"].prefix(Int.random(in: 0...3, using: &random))
        return levels.map { "\($0)-\(Int.random(in: 0..<4, using: &random))/" }.joined()
    }
}
