import Instants
import Testing

@Suite("An instant")
struct InstantTests {
    struct Text: Sendable {
        let text: String
        let milliseconds: Int64
    }

    @Test(
        "is read from RFC 3339",
        arguments: [
            Text(text: "1970-01-01T00:00:00Z", milliseconds: 0),
            Text(text: "2026-11-22T18:00:00.250Z", milliseconds: 1_795_370_400_250),
            Text(text: "2026-11-22T19:00:00.25+01:00", milliseconds: 1_795_370_400_250),
            Text(text: "2026-11-22t23:45:00.2509999+05:45", milliseconds: 1_795_370_400_250),
            Text(text: "2026-11-22T10:00:00.250-08:00", milliseconds: 1_795_370_400_250),
            Text(text: "2016-12-31T23:59:60z", milliseconds: 1_483_228_799_000),
            Text(text: "1969-12-31T23:59:59.999Z", milliseconds: -1),
            Text(text: "2028-02-29T00:00:00Z", milliseconds: 1_835_395_200_000),
            Text(text: "0000-01-01T00:00:00Z", milliseconds: -62_167_219_200_000),
            Text(text: "9999-12-31T23:59:59.999Z", milliseconds: 253_402_300_799_999),
        ])
    func read(_ row: Text) throws {
        let instant = try Instant(rfc3339: row.text)
        #expect(instant.milliseconds == row.milliseconds)
        #expect(try Instant(rfc3339: instant.description) == instant)
    }

    @Test(
        "is not read from anything else",
        arguments: [
            "", "now", "2026-11-22", "2026-11-22T18:00:00", "2026-11-22 18:00:00Z", "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T18:60:00Z", "2026-11-22T18:00:61Z",
            "2026-11-22T18:00:00.Z", "2026-11-22T18:00:00.1234567890Z", "2026-11-22T18:00:00+0100",
            "2026-11-22T18:00:00+24:00", "2026-11-22T18:00:00ZZ", "2026-11-22T18:00:00.5", "+026-11-22T18:00:00Z",
            "２026-11-22T18:00:00Z", " 2026-11-22T18:00:00Z",
        ])
    func refused(text: String) {
        let error = #expect(throws: Instant.FormatError.self) { _ = try Instant(rfc3339: text) }
        #expect(error?.text == text)
    }

    @Test("is written with a zone's offset and still names the same instant, local mean time included")
    func offsets() throws {
        let instant = Instant(milliseconds: 1_795_370_400_000)
        #expect(instant.description == "2026-11-22T18:00:00.000Z")
        #expect(instant.rfc3339(offsetSeconds: 20_700) == "2026-11-22T23:45:00.000+05:45")
        #expect(instant.rfc3339(offsetSeconds: -12_600) == "2026-11-22T14:30:00.000-03:30")
        for offset in [0, 1, 59, 1_172, -1_172, -57_360, 50_640] {
            #expect(try Instant(rfc3339: instant.rfc3339(offsetSeconds: offset)) == instant)
        }
        #expect(Instant.distantFuture.rfc3339(offsetSeconds: 3_600).hasPrefix("9999-12-31T23:59:59.999"))
        #expect(Instant.distantPast.rfc3339(offsetSeconds: -3_600).hasPrefix("0000-01-01T00:00:00.000"))
    }

    @Test("rounds down to whole seconds, before 1970 too")
    func seconds() {
        #expect(
            [-1_001, -1_000, -1, 0, 999, 1_000].map { Instant(milliseconds: $0).seconds } == [-2, -1, -1, 0, 0, 1])
    }

    @Test("saturates at the ends of its range")
    func saturation() {
        #expect(Instant.distantFuture + .milliseconds(1) == .distantFuture)
        #expect(Instant.distantPast - .seconds(Int64.max) == .distantPast)
        #expect(Instant.distantPast + .seconds(Int64.min) == .distantPast)
        #expect(Instant.distantFuture - .distantPast == .milliseconds(Int64.max))
        #expect(Instant.distantPast - .distantFuture == .milliseconds(Int64.min))
        #expect(Instant(seconds: .max) == .distantFuture)
        #expect(Instant(seconds: .min) == .distantPast)
        #expect(Duration.nanoseconds(-1_999_999).wholeMilliseconds == -1)
    }
}
