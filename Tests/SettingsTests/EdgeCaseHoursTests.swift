import Foundation
import Testing

@testable import Settings

/// DOMAIN.md, 5.7, items 1 to 11, 39 and 40, through a calendar file and the JSON that `hours` prints. BusinessTime's
/// own tests of the same names go into the corners.
@Suite("Hours, DOMAIN 5.7, by the JSON of hours")
struct EdgeCaseHoursTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let calendar: String
        let at: String
        var isOpen = false
        var until: String?
        var nextOpen: String?

        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "edge case 1: opens at the first instant after a gap",
            calendar: "zone: America/New_York\nhours: {sun: [\"02:30-17:00\"]}", at: "2026-03-08T06:59:59Z",
            nextOpen: "2026-03-08T07:00"),
        Case(
            name: "edge case 2: closes at the transition",
            calendar: "zone: America/New_York\nhours: {sun: [\"00:00-02:30\"]}", at: "2026-03-08T06:00:00Z",
            isOpen: true,
            until: "2026-03-08T07:00"),
        Case(
            name: "edge case 3: opens at the first occurrence",
            calendar: "zone: America/New_York\nhours: {sun: [\"01:30-09:00\"]}", at: "2026-11-01T04:00:00Z",
            nextOpen: "2026-11-01T05:30"),
        Case(
            name: "edge case 3: closes at the last occurrence",
            calendar: "zone: America/New_York\nhours: {sun: [\"00:00-01:30\"]}", at: "2026-11-01T06:00:00Z",
            isOpen: true,
            until: "2026-11-01T06:30"),
        Case(
            name: "edge case 4: a night across a change keeps its local ends",
            calendar: "zone: Australia/Lord_Howe\nhours: {sat: [\"20:00-08:00\"]}", at: "2027-04-03T12:00:00Z",
            isOpen: true, until: "2027-04-03T21:30"),
        Case(
            name: "edge case 5: a day without midnight starts at 01:00",
            calendar: "zone: Asia/Beirut\nhours: {sun: [\"00:00-24:00\"]}", at: "2027-03-27T21:59:59Z",
            nextOpen: "2027-03-27T22:00"),
        Case(
            name: "edge case 6: a skipped date has no instants",
            calendar:
                "zone: Pacific/Apia\nhours: {}\nexceptions: [{date: 2011-12-30, mode: open, hours: [\"00:00-24:00\"]}]",
            at: "2011-12-29T00:00:00Z"),
        Case(
            name: "edge case 7: Sunday's night goes on into Monday's holiday",
            calendar:
                "zone: Asia/Manila\nhours: {sun: [\"22:00-06:00\"], mon: [\"22:00-06:00\"]}\n"
                + "exceptions: [{date: 2026-11-23, mode: closed}]", at: "2026-11-22T20:00:00Z", isOpen: true,
            until: "2026-11-22T22:00"),
        Case(
            name: "edge case 8: a part of a day that is closed cuts the night before by the clock",
            calendar:
                "zone: Asia/Manila\nhours: {sun: [\"22:00-06:00\"], mon: [\"22:00-06:00\"]}\n"
                + "exceptions: [{date: 2026-11-23, mode: closed, hours: [\"00:00-12:00\"]}]",
            at: "2026-11-22T15:00:00Z",
            isOpen: true, until: "2026-11-22T16:00"),
        Case(
            name: "edge case 9: touching intervals are one period",
            calendar: "zone: Europe/Berlin\nhours: {mon: [\"09:00-12:00\", \"12:00-17:00\"]}",
            at: "2026-11-23T11:00:00Z", isOpen: true, until: "2026-11-23T16:00"),
        Case(
            name: "edge case 10: exactly at the opening it is open",
            calendar: "zone: Europe/Berlin\nhours: {mon: [\"09:00-17:00\"]}", at: "2026-11-23T08:00:00Z", isOpen: true,
            until: "2026-11-23T16:00"),
        Case(
            name: "edge case 11: exactly at the close it is closed",
            calendar: "zone: Europe/Berlin\nhours: {mon: [\"09:00-17:00\"]}", at: "2026-11-23T16:00:00Z",
            nextOpen: "2026-11-30T08:00"),
        Case(
            name: "edge case 39: a week that begins on Sunday",
            calendar: "zone: Asia/Riyadh\nhours: {\(WrittenHours.week("sun-thu", "09:00-17:00"))}",
            at: "2026-11-19T15:00:00Z", nextOpen: "2026-11-22T06:00"),
        Case(
            name: "edge case 40: 29 February comes back in leap years only",
            calendar:
                "zone: Etc/UTC\nhours: {}\nexceptions: [{date: 02-29, mode: open, hours: [\"09:00-10:00\"]}]",
            at: "2025-02-01T00:00:00Z", nextOpen: nil),
        Case(
            name: "edge case 40: 29 February of a leap year",
            calendar:
                "zone: Etc/UTC\nhours: {}\nexceptions: [{date: 02-29, mode: open, hours: [\"09:00-10:00\"]}]",
            at: "2028-02-01T00:00:00Z", nextOpen: "2028-02-29T09:00"),
    ]

    @Test("is answered", arguments: cases)
    func answered(_ item: Case) throws {
        let json = try WrittenHours.json(item.calendar, at: item.at)
        #expect(json["open"] as? Bool == item.isOpen)
        #expect(json["until"] as? String == item.until.map { $0 + ":00.000Z" })
        let next = item.isOpen ? item.at.replacing("Z", with: ".000Z") : item.nextOpen.map { $0 + ":00.000Z" }
        #expect(json["next_open"] as? String == next)
    }
}
