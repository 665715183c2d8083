import Files
import Glibc
import QED
import Testing

@Suite struct RawPathTests {
    @Test func textIsKeptAsItIs() {
        let path = RawPath("/pool/größe 1.qed")
        #expect(path.isText)
        #expect(path.text == "/pool/größe 1.qed")
    }

    @Test func badBytesAreEscapedAndGoodOnesKept() {
        let path = RawPath(bytes: Array("a".utf8) + [0xFF, 0x0A, 0xC3] + Array("ü".utf8) + [0xE2, 0x82])
        #expect(!path.isText)
        #expect(path.text == "a\\xff\n\\xc3ü\\xe2\\x82")
    }

    @Test func nameIsAppendedWithOneSlash() {
        #expect(RawPath("/pool").appending(Array("a".utf8)).text == "/pool/a")
        #expect(RawPath("/pool/").appending(Array("a".utf8)).text == "/pool/a")
        #expect(RawPath("/").appending([0xFF]).bytes == [0x2F, 0xFF])
    }

    @Test func orderIsThatOfTheBytes() {
        #expect(
            [RawPath("b"), RawPath(bytes: [0xFF]), RawPath("a"), RawPath("ab")].sorted()
                == [RawPath("a"), RawPath("ab"), RawPath("b"), RawPath(bytes: [0xFF])])
    }

    @Test func cStringHasTheSameBytes() {
        for bytes in [[], [0x41], [0xFF, 0xFE]] as [[UInt8]] {
            let copy = RawPath(bytes: bytes).withCString { name in
                (0..<strlen(name)).map { UInt8(bitPattern: name[$0]) }
            }
            #expect(copy == bytes)
        }
    }
}
