import CommandSyntax
import Files

extension [RawPath] {
    /// The paths of a scan on one line, safe to print.
    var printable: String { map { PrintableText.escaping($0.bytes) }.joined(separator: " ") }
}

extension RawPath {
    /// The name that a root has in the store: its own, or the one that was given if it is not there.
    var resolvedIfThere: RawPath { resolvedOrNil ?? self }
}
