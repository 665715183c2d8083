/// A Swift string literal that gives back exactly these scalars: all but printable ASCII is written as an escape.
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
