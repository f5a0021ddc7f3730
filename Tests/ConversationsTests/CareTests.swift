import Contracts
import Conversations
import Instants
import Replies
import Testing

@Suite("What a market does beside answering")
struct CareTests {
    private static func scene(_ service: ServicePolicy) -> Scene {
        var policy = TestPolicy()
        policy.service = service
        return Scene(policy.built())
    }

    /// Takes it in, and every text that follows is delivered at once.
    private static func hear(_ scene: inout Scene, _ event: Event, at: Instant) throws {
        for action in try scene.take(event, at: at).actions where action.kind == .send {
            try scene.settle(action, at: at)
        }
    }

    @Test("edge case 21: another automaton that meets each of our texts at once is heard twice, then we fall silent")
    func pingPong() throws {
        var scene = Self.scene(ServicePolicy())
        let first = Instant.november(18, 20)
        try Self.hear(&scene, .message("m1", "Hello there", at: first), at: first)
        // What it writes is a question to us, so each of its texts would be answered.
        for (index, word) in ["how much", "what size", "how much", "what size", "how much"].enumerated() {
            let at = first + .seconds(1 + index)
            try Self.hear(&scene, .message("b\(index)", word, at: at), at: at)
        }
        #expect(scene.texts().count <= 2)
        #expect(scene.rules.last == "suppressed.loop")
        #expect(scene.tells(.escalation).map(\.rule) == ["loop"])
        #expect(scene.talk().status == .waitingTeam)
    }

    @Test("the same words again after each of our texts are a machine's, however long it takes")
    func repeating() throws {
        var scene = Self.scene(ServicePolicy())
        for day in 16...19 {
            let at = Instant.november(day, 20)
            try Self.hear(&scene, .message("m\(day)", "We have received your message", at: at), at: at)
            if day == 16 {
                try Self.hear(&scene, .message("m\(day)b", "how much", at: at + .seconds(1)), at: at + .seconds(1))
            }
        }
        #expect(scene.rules.filter { $0 == "suppressed.loop" }.isEmpty)
        var patient = Self.scene(ServicePolicy())
        let start = Instant.november(16, 20)
        try Self.hear(&patient, .message("a", "auto", at: start), at: start)
        try Self.hear(&patient, .message("b", "auto", at: start + .seconds(2)), at: start + .seconds(2))
        try Self.hear(&patient, .message("c", "auto", at: .november(17, 20)), at: .november(17, 20))
        try Self.hear(&patient, .message("d", "auto", at: .november(18, 20)), at: .november(18, 20))
        #expect(patient.rules.contains("suppressed.loop"))
    }

    @Test("edge case 16: a customer who writes five lines in a hurry is no machine, and gets one text")
    func hurriedCustomer() throws {
        var scene = Self.scene(ServicePolicy())
        let first = Instant.november(18, 20)
        for index in 0..<5 {
            let at = first + .milliseconds(500 * index)
            try Self.hear(&scene, .message("m\(index)", "line \(index)", at: at), at: at)
        }
        #expect(scene.texts().count == 1)
        #expect(!scene.rules.contains("suppressed.loop"))
    }

    @Test("a person's reply ends the silence")
    func loopEnds() throws {
        var scene = Self.scene(ServicePolicy())
        let first = Instant.november(18, 20)
        try Self.hear(&scene, .message("m", "Hello", at: first), at: first)
        for (index, word) in ["how much", "what size", "how much"].enumerated() {
            let at = first + .seconds(1 + index)
            try Self.hear(&scene, .message("b\(index)", word, at: at), at: at)
        }
        #expect(scene.rules.last == "suppressed.loop")
        try scene.take(.reply("r", "I am here", at: first + .seconds(60)), at: first + .seconds(60))
        let later = first + .seconds(3_600)
        try Self.hear(&scene, .message("x", "what size", at: later), at: later)
        #expect(scene.rules.contains("faq.size"))
    }

    @Test("the first message in opening hours is acknowledged once while the customer waits")
    func acknowledgement() throws {
        var scene = Self.scene(ServicePolicy(acknowledges: true))
        let first = Instant.november(18, 10)
        try scene.take(.message("m1", "Hello", at: first), at: first)
        try scene.take(.message("m2", "Anybody?", at: first + .seconds(60)), at: first + .seconds(60))
        #expect(scene.rules == ["acknowledgement", "in_hours"])
        #expect(scene.texts().map(\.rule) == ["acknowledgement"])
        var silent = Self.scene(ServicePolicy())
        try silent.take(.message("m1", "Hello", at: first), at: first)
        #expect(silent.texts().isEmpty)
    }

    @Test("a customer who waits in opening hours past the target is told to the desk once", arguments: [true, false])
    func firstResponse(isAnswered: Bool) throws {
        var scene = Self.scene(ServicePolicy(firstResponse: .seconds(3_600)))
        // Friday 16:30: half an hour of the target lies before the weekend, half after it.
        let first = Instant.november(20, 16, 30)
        try scene.take(.message("m1", "Hello", at: first), at: first)
        try scene.advance(to: .november(23, 9, 29))
        #expect(scene.tells(.escalation).isEmpty)
        if isAnswered {
            let reply = try scene.take(.reply("r", "Hi", at: scene.now), at: scene.now)
            for action in reply.actions { try scene.settle(action) }
        }
        try scene.advance(to: .november(24, 12))
        #expect(scene.tells(.escalation).map(\.rule) == (isAnswered ? [] : ["first_response.missed"]))
    }

    @Test("a quiet customer's conversation is resolved, and whatever is written then opens it again")
    func quiet() throws {
        var scene = Self.scene(ServicePolicy(quietResolve: .seconds(2 * 86_400)))
        let first = Instant.november(16, 10)
        try scene.take(.message("m1", "Hello", at: first), at: first)
        for action in try scene.take(.reply("r", "Hi", at: first + .seconds(60)), at: first + .seconds(60)).actions {
            try scene.settle(action)
        }
        try scene.advance(to: .november(18, 9))
        #expect(scene.talk().status == .waitingCustomer)
        try scene.advance(to: .november(18, 11))
        #expect(scene.talk().status == .resolved)
        #expect(scene.rules.last == "quiet.resolved")
        try scene.take(.message("m2", "One more thing", at: .november(18, 12)), at: .november(18, 12))
        #expect(scene.talk().status == .waitingTeam)
    }

    @Test("how satisfied the customer was is asked once in seven days, in the window, and a bare number answers it")
    func satisfaction() throws {
        var scene = Self.scene(ServicePolicy(asksSatisfaction: true))
        for day in [16, 17] {
            let at = Instant.november(day, 10)
            try scene.take(.message("m\(day)", "Hello", at: at), at: at)
            try scene.take(.of("r\(day)", at: at + .seconds(60)) { $0.resolve.agent = "kim" }, at: at + .seconds(60))
            if day == 16 {
                try scene.take(.message("n", "5!", at: at + .seconds(90)), at: at + .seconds(90))
                #expect(scene.rules.last == "rating.5")
                #expect(scene.talk().status == .resolved)
            }
        }
        #expect(scene.texts().map(\.rule) == ["satisfaction", "satisfaction"])
        try scene.take(.message("p", "5 pieces please", at: .november(17, 11)), at: .november(17, 11))
        #expect(scene.rules.last == "in_hours")
    }

    @Test("a bad mark is a person's matter")
    func badMark() throws {
        var scene = Self.scene(ServicePolicy(asksSatisfaction: true))
        let at = Instant.november(16, 10)
        try scene.take(.message("m", "Hello", at: at), at: at)
        try scene.take(.of("r", at: at + .seconds(60)) { $0.resolve.agent = "kim" }, at: at + .seconds(60))
        try scene.take(.of("g", at: at + .seconds(90)) { $0.rating.score = 1 }, at: at + .seconds(90))
        #expect(scene.rules.last == "rating.1")
        #expect(scene.talk().status == .waitingTeam)
        #expect(scene.tells(.escalation).map(\.rule) == ["rating"])
    }
}
