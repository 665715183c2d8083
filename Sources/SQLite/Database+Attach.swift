/// Other databases on the same connection.
extension Database {
    /// Attaches a database to be read only, under a schema name of the program's.
    ///
    /// - Throws: `SQLiteError` if it is not there or not a file that may be opened, see `DatabaseFile.refusePlanted`.
    ///   What is in it is first looked at by the first statement that needs it.
    package func attach(_ path: String, as schema: String) throws(SQLiteError) {
        let file = try DatabaseFile(path: path)
        try file.refusePlanted(isWriting: false)
        try prepare("ATTACH ? AS \(schema)").run("file:\(Database.uriPath(file.resolvedPath))?mode=ro")
    }

    package func detach(_ schema: String) throws(SQLiteError) { try execute("DETACH \(schema)") }

    /// An absolute path as a URI has it (<https://www.sqlite.org/uri.html>).
    private static func uriPath(_ path: String) -> String {
        let plain = Set("/-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        var text = ""
        for byte in path.utf8 {
            if plain.contains(byte) {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.utf8.count < 2 ? "0" : "") + digits
            }
        }
        return text
    }
}
