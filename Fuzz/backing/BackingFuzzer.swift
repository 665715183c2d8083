import CommandSyntax
import Files
import FuzzDriver

@testable import PoolScan
@testable import QED
@testable import Store

/// Names: of backing files, of paths, and as text for people and for the store; and what a backing file is.
///
/// An input is a byte of choices and texts, each ended by a NUL: an overlay's path, a name in its header, patterns.
@main
enum BackingFuzzer: FuzzTarget {
    static func run(_ input: FuzzInput) {
        var input = input
        let choice: UInt8 = input.integer()
        if choice & 0xF == 0xF { return testFile(input.remainder()) }
        let texts = input.remainder().split(separator: 0, maxSplits: 7, omittingEmptySubsequences: false).map(
            Array.init)
        for text in texts {
            testPrintable(text)
            testPath(RawPath(bytes: text))
        }
        testName(BackingName(bytes: texts[texts.count - 1]), overlay: RawPath(bytes: texts[0]))
        // Patterns are the user's own; long ones take their time.
        let patterns = texts.dropFirst().map { RawPath(bytes: Array($0.prefix(12))) }
        testFilter(RawPath(bytes: Array(texts[0].prefix(24))), patterns, isExclude: choice & 0x10 != 0)
    }

    // MARK: - Text

    private static func testPrintable(_ bytes: [UInt8]) {
        let text = PrintableText.escaping(bytes)
        require(!text.unicodeScalars.contains(where: \.disturbs), "something not printable in \(Array(text.utf8))")
        require(unescaping(text) == bytes, "\(bytes) cannot be told from \(Array(text.utf8))")
        let again = PrintableText.escaping(text, doublingBackslashes: false)
        require(again == text, "escaped text is escaped again: \(Array(again.utf8))")
        let message = RawPath(bytes: bytes).text.escapingControlCharacters
        require(!message.unicodeScalars.contains { $0.properties.generalCategory == .control }, "a control character")
    }

    /// Takes escapes back.
    private static func unescaping(_ text: String) -> [UInt8] {
        var rest = Array(text.utf8)[...]
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            guard next != UInt8(ascii: "\\") else {
                bytes.append(next)
                continue
            }
            require(next == UInt8(ascii: "x"), "an escape of another kind")
            bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }

    // MARK: - Paths

    private static func testPath(_ path: RawPath) {
        require(path.isText == (Array(path.text.utf8) == path.bytes), "text, and not the name: \(path.bytes)")
        require(
            RawPath(text: path.text, bytes: path.isText ? nil : path.bytes) == path, "the store loses \(path.bytes)")
        require(path.isText || path.text.contains("\\x"), "bytes that are no text are not shown")
        require(path.directory.bytes.count <= max(path.bytes.count, 1), "a directory longer than its file")
        let slash = UInt8(ascii: "/")
        let inside = path.appending(Array("x".utf8))
        require(inside.bytes.suffix(2) == [slash, UInt8(ascii: "x")], "no name in \(path.bytes)")
        guard path.bytes.first == slash, path.bytes.last != slash else { return }
        require(inside.directory == path, "\(inside.bytes) is not in \(path.bytes)")
        require(inside.isWithin(path) && path.isWithin(path), "\(inside.bytes) is not within \(path.bytes)")
    }

    private static func testName(_ name: BackingName, overlay: RawPath) {
        var looked: [RawPath] = []
        let reference = BackingReference(name: name, isRaw: false, imageSize: 512, inode: 1, birthTime: nil)
        let link = reference.link(overlay: overlay) { path in
            looked.append(path)
            return BackingTarget(path: path, state: .missing)
        }
        require((link.kind == .file) == (looked.count == 1), "looked at \(looked.count) paths")
        require((link.base == nil) == looked.isEmpty, "a base that nobody looked at")
        guard let path = looked.first, !name.bytes.isEmpty else { return }
        require(path.bytes.count >= name.bytes.count - "file:".utf8.count, "a part of the name is lost")
        require(name.bytes.suffix(path.bytes.count).count <= path.bytes.count, "more than a path")
        require(
            path.bytes.first == UInt8(ascii: "/") || overlay.bytes.first != UInt8(ascii: "/"),
            "a relative path beside an absolute overlay")
    }

    private static func testFilter(_ path: RawPath, _ patterns: [RawPath], isExclude: Bool) {
        let filter = isExclude ? PathFilter(exclude: patterns) : PathFilter(include: patterns)
        let isAccepted = filter.acceptsFile(path)
        require(isExclude || filter.acceptsDirectory(path), "a directory that is not excluded is left out")
        require(!patterns.isEmpty || isAccepted, "left out by no pattern")
        // A pattern without special characters matches itself and nothing else.
        let special = Array("*?[\\/".utf8)
        for pattern in patterns where !pattern.bytes.isEmpty && !pattern.bytes.contains(where: special.contains) {
            require(!PathFilter(exclude: [pattern]).acceptsFile(pattern), "\(pattern.bytes) does not match itself")
            require(
                PathFilter(include: [pattern]).acceptsFile(RawPath("/d").appending(pattern.bytes)), "nor in a directory"
            )
        }
    }

    // MARK: - Files

    /// The bytes as a file: what the header says of a backing file, and what it is as a backing file itself.
    private static func testFile(_ bytes: [UInt8]) {
        ScratchDirectory.write(bytes, to: "image")
        let path = RawPath(ScratchDirectory.file("image"))
        do throws(SystemError) {
            let file = try ImageFile(path: path)
            let report = Checker(limits: .fuzzing).check(file)
            require(try file.hasMagic() == (report.header?.hasMagic == true && bytes.count > 2), "the magic")
            guard report.header?.hasMagic == true else { return }
            require(reference(file, nil) == reference(file, report), "two ways to the backing file's name differ")
        } catch {
            require(false, "a file of its own cannot be read: \(error)")
        }
        let base = BackingTarget(lookingAt: path)
        require(base.state == .found, "a file that is there is \(base.state)")
        require(base.isQED || base.virtualSize == nil || base.virtualSize == UInt64(bytes.count), "another raw size")
    }

    private enum Reference: Equatable {
        case unreadable
        case named(BackingReference?)
    }

    private static func reference(_ file: ImageFile, _ report: CheckResult?) -> Reference {
        do throws(BackingUnreadable) {
            guard let report else { return .named(try file.backingReference()) }
            return .named(try file.backingReference(report))
        } catch {
            return .unreadable
        }
    }
}

extension Unicode.Scalar {
    /// Whether it may do more to a terminal than to be seen.
    fileprivate var disturbs: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
        default: false
        }
    }
}
