import Testing

@testable import Store

/// Times as text, and back.
@Suite struct TimestampTests {
    private func seconds(_ text: String) -> Int64? { Array(text.utf8).withUnsafeBytes(Timestamp.seconds) }

    @Test func theSecondsOfATextAreThoseItWasMadeOf() {
        // A day and a bit at a time, for 130 years each way: what nanoseconds hold well.
        for time in stride(from: -4_102_444_800, to: 4_102_444_800, by: 86_400 + 3_661) as StrideTo<Int64> {
            #expect(seconds(Timestamp.text(nanoseconds: time * 1_000_000_000)) == time)
        }
    }

    @Test(arguments: ["", "2026-01-02 03:04:0", "2026-01-02T03:04:05", "2026-01-02 03:0x:05", "2026/01/02 03:04:05"])
    func textThatIsNoTimeHasNoSeconds(_ text: String) { #expect(seconds(text) == nil) }

    @Test(arguments: [
        ("1970-01-01 00:00:00", 0), ("2000-02-29 23:59:59.999", 951_868_799), ("2000-03-01 00:00:00", 951_868_800),
    ])
    func knownTimesAreReadRight(_ text: String, _ expected: Int64) { #expect(seconds(text) == expected) }
}
