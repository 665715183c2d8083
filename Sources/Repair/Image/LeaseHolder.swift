import Files
import Glibc

/// Who holds a `PoolLease`: lines of `key: value` in its file.
package struct LeaseHolder: Hashable, Sendable {
    package let host: String
    /// Another one after every start of the system.
    package let bootID: String
    package let process: Int32
    /// When it was taken: UTC, for people.
    package let since: String

    init(host: String, bootID: String, process: Int32, since: String) {
        self.host = LeaseHolder.line(host)
        self.bootID = LeaseHolder.line(bootID)
        self.process = process
        self.since = LeaseHolder.line(since)
    }

    /// This process.
    ///
    /// - Parameter since: the time now, UTC.
    package init(host: String, since: String) throws(SystemError) {
        let bootID = try ProcFile.bytes("/proc/sys/kernel/random/boot_id")
        self.init(host: host, bootID: String(decoding: bootID, as: UTF8.self), process: getpid(), since: since)
    }

    /// What `text` gives. nil if it is anything else.
    init?(text: String) {
        var values: [Substring: String] = [:]
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            guard !value.isEmpty, values.updateValue(String(value), forKey: line[..<colon]) == nil else { return nil }
        }
        guard values.count == 4, text.hasSuffix("\n"), let host = values["host"], let bootID = values["boot"],
            let process = values["process"].flatMap({ Int32($0) }), let since = values["since"]
        else { return nil }
        self.init(host: host, bootID: bootID, process: process, since: since)
    }

    var text: String { "host: \(host)\nboot: \(bootID)\nprocess: \(process)\nsince: \(since)\n" }

    /// One line without blanks at its ends.
    private static func line(_ value: String) -> String {
        let scalars = value.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }
        let blank: Unicode.Scalar = " "
        let trimmed = scalars.drop { $0 == blank }.reversed().drop { $0 == blank }.reversed()
        return String(String.UnicodeScalarView(trimmed))
    }
}
