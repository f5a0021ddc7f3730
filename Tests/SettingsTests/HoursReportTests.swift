import BusinessTime
import Foundation
import Instants
import Testing

@testable import Settings

@Suite("Hours of one calendar")
struct HoursReportTests {
    private static func json(_ calendar: String, _ at: String, _ zone: String?) throws -> String {
        let zones = ZoneFolder()
        let calendar = try NamedCalendar.read(calendar, folder: ShippedConfig.folder, zones: zones)
        let asked = try zone.map { try #require(zones.rules(of: try ZoneName($0))) }
        let report = HoursReport(
            calendar: calendar, at: try Instant(rfc3339: at), askedZone: asked, tzdata: "2026f")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }

    @Test("a closed instant names the next opening in UTC, in the calendar's zone and in the asked one")
    func closed() throws {
        let json = try Self.json("helsinki", "2026-11-20T16:00:00Z", "Asia/Kathmandu")
        #expect(
            json == #"{"asked_zone":{"at":"2026-11-20T21:45:00.000+05:45","next_open":"2026-11-23T12:45:00.000+05:45","#
                + #""until":null,"zone":"Asia/Kathmandu"},"at":"2026-11-20T16:00:00.000Z","calendar":"helsinki","#
                + #""calendar_zone":{"at":"2026-11-20T18:00:00.000+02:00","next_open":"2026-11-23T09:00:00.000+02:00","#
                + #""until":null,"zone":"Europe/Helsinki"},"next_open":"2026-11-23T07:00:00.000Z","open":false,"#
                + #""tzdata":"2026f","until":null}"#)
    }

    @Test("an open instant names the close; hours past midnight belong to the day on which they began")
    func open() throws {
        let json = try Self.json("dubai", "2026-11-26T21:30:00Z", nil)
        #expect(json.contains(#""open":true"#))
        #expect(json.contains(#""until":"2026-11-26T22:00:00.000Z""#))
        #expect(json.contains(#""asked_zone":null"#))
    }

    @Test("a calendar that is not there, has a name that is a path, or a broken file is named")
    func unknown() throws {
        for name in ["munich", "../partitions", ""] {
            #expect(throws: ConfigFaults.self) {
                try NamedCalendar.read(name, folder: ShippedConfig.folder, zones: ZoneFolder())
            }
        }
        #expect(throws: ConfigFaults.self) {
            try NamedCalendar.read("berlin", folder: ShippedConfig.folder, zones: ZoneFolder("/nowhere"))
        }
    }

    @Test("the zone folder says its version and gives no file for what is no zone")
    func zones() throws {
        let folder = ZoneFolder()
        #expect(folder.version.first == "2")
        #expect(folder.file(of: try ZoneName("Europe")) == nil)
        #expect(folder.file(of: try ZoneName("tzdata-zi")) == nil)
        #expect(folder.names.contains("Europe/Helsinki"))
    }
}
