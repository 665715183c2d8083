/// A question on the terminal.
enum Confirmation {
    /// Whether the answer is yes. Anything else is no.
    static func ask(_ question: String) -> Bool {
        // What is asked about must be on the screen first.
        guard StandardOutput.finish() else { return false }
        Diagnostic.write("\(question) [y/N] ")
        guard let answer = readLine() else { return false }
        return ["y", "yes"].contains(answer.lowercased())
    }
}
