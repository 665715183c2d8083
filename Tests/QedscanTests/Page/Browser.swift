import Foundation
import TestSupport
import Testing

/// Debian's Chromium without a window, with its own profile and without network access.
struct Browser {
    static let tool = Tool("chromium")

    /// A page after its scripts have run.
    struct Visit {
        let document: String
        /// What pages wrote to the console, errors included.
        let console: [String]
        /// What pages asked the network for. Files do not go by way of it.
        let requests: [String]

        /// The JSON in the element `result`, which a page of a test writes there.
        func result() throws -> [String: Any] {
            let start = try #require(document.firstRange(of: "<pre id=\"result\">")).upperBound
            let end = try #require(document[start...].firstRange(of: "</pre>")).lowerBound
            var json = String(document[start..<end])
            for (name, character) in [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\u{A0}"), ("&amp;", "&")] {
                json = json.replacingOccurrences(of: name, with: character)
            }
            return try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any], "\(json)")
        }
    }

    let isDark: Bool

    /// Loads a page of the file system; pages there may look into each other's frames.
    func visit(_ path: String, query: String = "") async throws -> Visit {
        let tool = try #require(Browser.tool)
        let directory = try TemporaryDirectory()
        let log = directory.file("net.json")
        let result = try await tool.run(
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--user-data-dir=" + directory.file("profile"),
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--allow-file-access-from-files", "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)",
                "--enable-logging=stderr", "--log-net-log=" + log, "--virtual-time-budget=10000", "--dump-dom",
                URL(filePath: path).absoluteString + query,
            ],
            environment: ["HOME": directory.path, "XDG_CONFIG_HOME": directory.path, "XDG_CACHE_HOME": directory.path])
        try #require(result.status == 0, "\(result.errors)")
        return Visit(
            document: result.output,
            console: result.errors.split(separator: "\n").map(String.init).filter { $0.contains(":CONSOLE:") },
            requests: try Browser.requests(try Data(contentsOf: URL(filePath: log))))
    }

    /// The requests in the browser's log that a page began: its own have no origin.
    private static func requests(_ log: Data) throws -> [String] {
        let root = try #require(try JSONSerialization.jsonObject(with: log) as? [String: Any])
        let constants = try #require(root["constants"] as? [String: Any])
        let types = try #require(constants["logEventTypes"] as? [String: Int])
        let start = try #require(types["URL_REQUEST_START_JOB"])
        let events = try #require(root["events"] as? [[String: Any]])
        return events.filter { $0["type"] as? Int == start }.compactMap { event in
            let parameters = event["params"] as? [String: Any]
            guard parameters?["initiator"] as? String != "not an origin" else { return nil }
            return parameters?["url"] as? String
        }
    }
}
