import BusinessTime
import Contracts
import Conversations
import Instants
import Testing

@Suite("The after-hours reply")
struct AfterHoursTests {
    @Test("is given once a closed period, with a promise an hour after the opening")
    func once() throws {
        var scene = Scene()
        for line in 0..<5 {
            let at = Instant.november(19, 20, 0, line)
            try scene.take(.message("m\(line)", "hello \(line)?", at: at), at: at)
        }
        #expect(
            scene.rules == ["after_hours.promise"] + Array(repeating: "suppressed.already_told", count: 4))
        let text = try #require(scene.texts().first)
        #expect(text.text.contains("10:00"))
        #expect(text.text.contains("tomorrow") || text.text.contains("Tomorrow"))
        #expect(text.notAfter == Instant.november(20, 9).milliseconds)
        #expect(scene.talk().promises.map(\.dueAt) == [Instant.november(20, 10).milliseconds])
        #expect(scene.openItems[.anna]?.dueAt == Instant.november(20, 10).milliseconds)
        #expect(scene.openItems[.anna]?.waitingSince == Instant.november(19, 20).milliseconds)
    }

    @Test(
        "depends on the half-open hours of the team",
        arguments: [
            (Instant.november(20, 8, 59, 59), "after_hours.promise"), (.november(20, 9), "in_hours"),
            (.november(20, 16, 59, 59), "in_hours"), (.november(20, 17), "after_hours.promise.person_only"),
        ])
    func borders(at: Instant, rule: String) throws {
        var scene = Scene()
        try scene.take(.message("m", "hello?", at: at), at: at)
        #expect(scene.rules == [rule])
    }

    @Test(
        "names the weekday, and its date too if a holiday lies before it",
        arguments: [(Instant.november(21, 12), "Mon", "23", nil), (.november(22, 12), "Tue 24", "24", 23)])
    func weekdays(at: Instant, weekday: String, date: String, holiday: Int?) throws {
        var changed = TestPolicy()
        if let holiday {
            let day = try #require(CivilDate(year: 2026, month: 11, day: holiday))
            changed.exceptions = [HoursException(on: day, .closed)]
        }
        var scene = Scene()
        scene.policy = changed.built()
        try scene.take(.message("m", "hello?", at: at), at: at)
        let text = try #require(scene.texts().first).text
        #expect(text.contains(weekday), "\(text)")
        #expect(text.contains(date) == (holiday != nil), "\(text)")
    }

    @Test("edge case 12: is not given for a message from before the opening that is decided after it")
    func openedMeanwhile() throws {
        var scene = Scene()
        let written = Instant.november(20, 8, 58)
        try scene.take(
            .message("m", "hello?", at: written).received(at: .november(20, 9, 1)), at: .november(20, 9, 1))
        #expect(scene.rules == ["in_hours"])
    }

    @Test("edge case 13: is not given for what came twenty minutes late, which is listed as late", arguments: [10, 20])
    func late(minutes: Int) throws {
        try late(.seconds(minutes * 60))
    }

    @Test("edge case 48: is not given for what came 30 hours late; the window counts from when it happened")
    func veryLate() throws {
        try late(.seconds(30 * 3_600))
        var scene = Scene()
        let received = Instant.november(19, 19)
        let written = received + .seconds(-30 * 3_600)
        try scene.take(.message("m", "how much is it?", at: written).received(at: received), at: received)
        #expect(scene.texts().isEmpty)
        #expect(scene.openItems[.anna]?.late == true)
    }

    private func late(_ delay: Duration) throws {
        var scene = Scene()
        let written = Instant.november(19, 19)
        let received = written + delay
        try scene.take(.message("m", "hello?", at: written).received(at: received), at: received)
        #expect(scene.rules == ["suppressed.late"])
        #expect(scene.openItems[.anna]?.late == true)
        #expect(scene.talk().promises.isEmpty)
        #expect(scene.decisions.last?.result.late == true)
    }

    @Test("edge case 14: clamps and flags a message from the future")
    func future() throws {
        var scene = Scene()
        let at = Instant.november(19, 20)
        let event = Event.message("m", "hello?", at: at + .seconds(3_600)).received(at: at)
        let decision = try scene.take(event, at: at)
        #expect(decision.result.clockFlagged)
        #expect(decision.result.happenedAt == at.milliseconds)
        #expect(scene.talk().lastCustomerAt == at.milliseconds)
    }

    @Test(
        "edge case 17: is given again in the next closed period, as an apology that renews the promise, and calls a person"
    )
    func nextPeriod() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(18, 20)), at: .november(18, 20))
        try scene.settle(try #require(scene.texts().first))
        try scene.take(.message("m2", "still there?", at: .november(19, 20)), at: .november(19, 20))
        #expect(scene.rules.last == "after_hours.renewed")
        #expect(scene.texts().count == 2)
        #expect(scene.texts().last?.text.contains("automatic") == true)
        #expect(scene.tells(.brokenPromise).count == 1)
        #expect(scene.tells(.escalation).contains { $0.event.told.rule == "after_hours.renewed" })
    }

    @Test("edge case 36: is not given when the calendar is edited within the night")
    func editedCalendar() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        var changed = TestPolicy()
        changed.number = 2
        changed.hours[.thursday] = ["09:00-18:00"]
        changed.hours[.friday] = ["07:00-17:00"]
        scene.policy = changed.built()
        try scene.take(.message("m2", "hello?", at: .november(20, 6)), at: .november(20, 6))
        #expect(scene.rules.last == "suppressed.already_told")
    }

    @Test("edge case 52: follows an exception of a new policy at once, and the told time stays")
    func closesEarly() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        var changed = TestPolicy()
        let friday = try #require(CivilDate(year: 2026, month: 11, day: 20))
        changed.exceptions = [HoursException(on: friday, .replace([try LocalInterval("09:00-12:00")]))]
        scene.policy = changed.built()
        try scene.settle(try #require(scene.texts().first))
        var other = Event.message("m2", "hello?", at: .november(20, 13))
        other.contact = "ben"
        try scene.take(other, at: .november(20, 13))
        #expect(scene.rules.last == "after_hours.promise.person_only")
        #expect(scene.talk().promises.map(\.dueAt) == [Instant.november(20, 10).milliseconds])
    }

    @Test("says no night what it said another night: when every variant was used, the day is told by its date")
    func fourNights() throws {
        var scene = Scene()
        for day in 16..<20 {
            let night = Instant.november(day, 20)
            try scene.take(.message("m\(day)", "hello \(day)?", at: night), at: night)
            try scene.settle(try #require(scene.texts().last), at: night)
            let morning = Instant.november(day + 1, 9, 30)
            try scene.take(.reply("r\(day)", "Hi!", at: morning), at: morning)
            try scene.settle(try #require(scene.texts().last), at: morning)
        }
        let texts = scene.texts().filter(\.agent.isEmpty).map(\.text)
        #expect(texts.count == 4 && Set(texts).count == 4, "\(texts)")
        #expect(texts.allSatisfy { $0.contains("no later than: 10:00") })
        #expect(texts.last?.contains("20 M11") == true)
        #expect(scene.standings() == [.kept])
    }

    @Test("edge case 18: waits until a person has been quiet for a while")
    func personActive() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 16, 50)), at: .november(19, 16, 50))
        try scene.take(.reply("r1", "Hi!", at: .november(19, 16, 59)), at: .november(19, 16, 59))
        try scene.settle(try #require(scene.texts().first))
        try scene.take(.message("m2", "and?", at: .november(19, 17, 5)), at: .november(19, 17, 5))
        #expect(scene.rules.last == "suppressed.person_active")
        try scene.take(.message("m3", "and?", at: .november(19, 17, 20)), at: .november(19, 17, 20))
        #expect(scene.rules.last == "after_hours.promise")
    }

    @Test("edge case 26: is not given for emoji alone, nor for a reaction to a promise", arguments: ["🔥", "👍", "👍🏽 ❤️"])
    func emoji(text: String) throws {
        var scene = Scene()
        let at = Instant.november(19, 20)
        try scene.take(.message("m", text, at: at), at: at)
        #expect(scene.rules == ["emoji_only"])
        #expect(scene.openItems[.anna] == nil && scene.actions.isEmpty)
        try scene.take(.message("n", "hello?", at: at), at: at)
        let listed = scene.openItems[.anna]
        try scene.take(.of("x", at: at + .seconds(60)) { $0.reaction.emoji = text }, at: at + .seconds(60))
        #expect(scene.rules.last == "reaction" && scene.openItems[.anna] == listed && scene.texts().count == 1)
    }

    @Test(
        "edge case 27: is given for a mark, a voice, a sticker or an image without words; no question is answered",
        arguments: [
            ("", "audio"), ("?", nil), ("\u{200B}", nil), ("🔥", "sticker"), ("", "sticker"), ("", "image"),
        ] as [(String, String?)])
    func wordless(text: String, attachment: String?) throws {
        var scene = Scene()
        let at = Instant.november(19, 20)
        try scene.take(.message("m", text, at: at, attachment: attachment), at: at)
        #expect(scene.rules == ["after_hours.promise"])
        #expect(scene.openItems[.anna] != nil)
    }

    @Test("edge case 33: closed for Finnish while open for English")
    func byLanguage() throws {
        for (language, rule) in [("fi", "after_hours.promise"), ("en", "in_hours")] {
            var policy = TestPolicy()
            policy.englishEvenings = "17:00-22:00"
            var scene = Scene()
            scene.policy = policy.built()
            // In hours for both, so nothing is told; it makes the conversation.
            try scene.take(.message("m1", "hello?", at: .november(19, 10)), at: .november(19, 10))
            scene.states[.anna]?.conversation.language.value = language
            try scene.take(.message("m2", "hello?", at: .november(19, 20)), at: .november(19, 20))
            #expect(scene.rules == ["in_hours", rule])
        }
    }

    @Test("edge case 50: stays one when the customer's language changes within the night")
    func otherLanguage() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        scene.states[.anna]?.conversation.language.value = "fi"
        try scene.take(.message("m2", "hei?", at: .november(19, 21)), at: .november(19, 21))
        #expect(scene.texts().count == 1)
    }

    @Test("edge case 41: states no time where no automation could apologise and no person may write, and calls one")
    func infeasible() throws {
        var policy = TestPolicy()
        policy.personsMayWriteLate = false
        var scene = Scene(policy.built())
        try scene.take(.message("m", "hello?", at: .november(20, 18)), at: .november(20, 18))
        #expect(scene.rules == ["after_hours.infeasible"])
        #expect(scene.texts().first?.text.contains("losed") == true)
        #expect(scene.talk().promises.isEmpty)
        let tell = try #require(scene.tells(.escalation).first)
        #expect(tell.event.told.dueAt == Instant.november(21, 18).milliseconds)
        try scene.take(.message("m2", "hello?", at: .november(20, 19)), at: .november(20, 19))
        #expect(scene.texts().count == 1)
    }

    @Test("edge case 38: states no time when nobody is there within the horizon")
    func neverOpen() throws {
        var policy = TestPolicy()
        policy.hours = [:]
        var scene = Scene(policy.built())
        try scene.take(.message("m", "hello?", at: .november(20, 18)), at: .november(20, 18))
        #expect(scene.rules == ["after_hours.no_opening"])
        #expect(scene.tells(.escalation).count == 1)
    }

    @Test("adds the backlog's working time, capped, and records the signals that it read")
    func backlog() throws {
        var scene = Scene()
        scene.signals = Signals(
            number: 4,
            values: [
                "backlog/berlin": Signal(value: "120", at: 5, writer: "desk"),
                "capacity/berlin": Signal(value: "60", at: 5, writer: "desk"),
            ])
        let decision = try scene.take(.message("m", "hello?", at: .november(18, 20)), at: .november(18, 20))
        #expect(scene.talk().promises.first?.dueAt == Instant.november(19, 12).milliseconds)
        #expect(decision.result.signals.map(\.name) == ["backlog/berlin", "capacity/berlin"])
    }

    @Test("is held back by a switch of the configuration or of an operator")
    func switches() throws {
        var policy = TestPolicy()
        policy.automation = false
        var off = Scene(policy.built())
        try off.take(.message("m", "hello?", at: .november(19, 20)), at: .november(19, 20))
        #expect(off.rules == ["suppressed.automation_off"])
        var killed = Scene()
        killed.signals = Signals(
            number: 1, values: ["automation/market/de": Signal(value: "off", at: 1, writer: "op")])
        try killed.take(.message("m", "hello?", at: .november(19, 20)), at: .november(19, 20))
        #expect(killed.rules == ["suppressed.automation_off"])
        #expect(killed.openItems[.anna] != nil)
    }

    @Test("names the zone of a time when the customer's zone is a guess")
    func weakZone() throws {
        var policy = TestPolicy()
        policy.zoneIsCertain = false
        var scene = Scene(policy.built())
        try scene.take(.message("m", "hello?", at: .november(19, 20)), at: .november(19, 20))
        #expect(scene.texts().first?.text.contains("time") == true)
        #expect(scene.texts().first?.text.contains("UTC") == true)
    }

    @Test("gives its period free again when its text surely failed")
    func failed() throws {
        var scene = Scene()
        try scene.take(.message("m1", "hello?", at: .november(19, 20)), at: .november(19, 20))
        try scene.settle(try #require(scene.texts().first), .failed)
        #expect(scene.standings() == [.void])
        #expect(scene.states[.anna]?.timers.isEmpty == true)
        try scene.take(.message("m2", "hello?", at: .november(19, 21)), at: .november(19, 21))
        #expect(scene.rules.last == "after_hours.promise")
    }
}
