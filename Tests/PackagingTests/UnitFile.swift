/// A unit of systemd: its settings in order.
struct UnitFile {
    struct Setting: Equatable {
        let section: String
        let name: String
        let value: String
    }

    let settings: [Setting]

    init(_ text: String) {
        var section = ""
        var settings: [Setting] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("[") {
                section = String(line.dropFirst().dropLast())
            } else if let equals = line.firstIndex(of: "=") {
                settings.append(
                    Setting(
                        section: section, name: String(line[..<equals]),
                        value: String(line[line.index(after: equals)...])))
            }
        }
        self.settings = settings
    }

    func values(_ name: String) -> [String] { settings.filter { $0.name == name }.map(\.value) }

    func value(_ name: String) -> String? { values(name).last }
}

/// A file of variables, as EnvironmentFile= and a shell read it; what is commented out is an example and counts too.
struct VariableFile {
    let values: [String: [String]]

    init(_ text: String) {
        var values: [String: [String]] = [:]
        for match in text.matches(of: /(?m)^#?([A-Z_]+)="([^"]*)"$/) {
            values[String(match.1), default: []].append(String(match.2))
        }
        self.values = values
    }
}
