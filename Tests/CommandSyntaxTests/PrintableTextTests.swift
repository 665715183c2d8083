import Files
import Testing

@testable import CommandSyntax

@Suite struct PrintableTextTests {
    @Test(arguments: [
        (Array("plain caf\u{E9} \u{1F600}".utf8), "plain caf\u{E9} \u{1F600}"),
        ([0x61, 0x0A, 0x1B, 0x7F], "a\\x0a\\x1b\\x7f"),
        ([0xFF, 0x61, 0xC3], "\\xffa\\xc3"),
        ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"),
        ([0xE2, 0x82, 0x41], "\\xe2\\x82A"),
        (Array("\u{85}\u{202E}\u{2028}".utf8), "\\xc2\\x85\\xe2\\x80\\xae\\xe2\\x80\\xa8"),
        (Array("\\x41".utf8), "\\\\x41"),
        ([], ""),
    ])
    func onlyWhatIsPrintableIsPrinted(bytes: [UInt8], text: String) {
        #expect(PrintableText.escaping(bytes) == text)
        #expect(RawArgument(bytes: bytes).printable == text)
    }

    @Test func everyByteAloneIsSafe() {
        for byte in UInt8.min...UInt8.max {
            let text = PrintableText.escaping([byte])
            #expect(text.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        }
    }

    @Test func processArgumentsLeaveOutTheProgram() {
        let all = CommandLine.arguments
        #expect(RawArgument.processArguments().map(\.text) == Array(all.dropFirst()))
    }
}
