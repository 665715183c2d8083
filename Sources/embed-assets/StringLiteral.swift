/// A Swift string literal with exactly these scalars: everything except printable ASCII is escaped.
func literal(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\":
            result += "\\"
            result.unicodeScalars.append(scalar)
        case "\n":
            result += "\\n"
        case " "..."~":
            result.unicodeScalars.append(scalar)
        default:
            result += "\\u{" + String(scalar.value, radix: 16) + "}"
        }
    }
    return result + "\""
}
