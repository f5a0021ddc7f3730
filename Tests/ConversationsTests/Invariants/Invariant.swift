import Conversations
import Testing

/// What a judge found in one history, or in several.
struct Judgement: Sendable {
    /// How often the invariant could have been broken: a property that is never at stake shows nothing.
    var atStake = 0
    private(set) var faults: [String] = []

    mutating func find(_ fault: String) {
        if faults.count < 3 { faults.append(fault) }
    }

    /// At stake once; a fault unless it holds.
    mutating func expect(_ holds: Bool, _ fault: @autoclosure () -> String) {
        atStake += 1
        if !holds { find(fault()) }
    }

    func joined(_ other: Judgement) -> Judgement {
        var both = self
        both.atStake += other.atStake
        for fault in other.faults { both.find(fault) }
        return both
    }

    mutating func add(_ other: Judgement, seed: UInt64) {
        atStake += other.atStake
        for fault in other.faults { find("seed \(seed): \(fault)") }
    }
}

/// The 22 invariants of DOMAIN 5.5, and one of its section 1b. Those that `decide` owes are judged over random histories; the others are tests of the
/// targets that owe them, whose names begin with the invariant's number.
struct Invariant: Sendable, CustomTestStringConvertible {
    enum Proof: Sendable {
        /// Judged over each history, in each thousand of which it must have been at stake so often.
        case histories(atStake: Int, @Sendable (History) throws -> Judgement)
        /// The same, over every twentieth history, because it plays it anew.
        case someHistories(atStake: Int, @Sendable (History) throws -> Judgement)
        /// A test below `Tests/`.
        case test(in: String)
    }

    let name: String
    let proof: Proof

    var testDescription: String { name }

    static let all: [Invariant] = [
        Invariant("I1 every event is decided or set aside, once", .histories(atStake: 5_000, RecordJudges.everyEvent)),
        Invariant("I2 the same event n times is once", .histories(atStake: 500, RecordJudges.repeats)),
        Invariant(
            "I3 any order of a thread's events ends in the same state", .someHistories(atStake: 50, OrderJudge.judge)),
        Invariant(
            "I4 one after-hours text a conversation in overlapping closed periods",
            .histories(atStake: 300, TimeJudges.periods)),
        Invariant("I5 one private message a comment, ever", .histories(atStake: 20, CommentJudges.privateReplies)),
        Invariant("I6 nothing is to be sent after its time", .histories(atStake: 1_000, TimeJudges.ends)),
        Invariant("I7 automation never needs the tag for people", .histories(atStake: 1_000, TimeJudges.windows)),
        Invariant(
            "I7 automation never uses the tag for people", .test(in: "ChannelsTests/Meta/MetaRequestTests.swift")),
        Invariant(
            "I8 criticism is never hidden or deleted, nor is what who complained or bought says later",
            .histories(atStake: 100, CommentJudges.criticism)),
        Invariant(
            "I9 what is taken away has its evidence, its rule, and a way back or a reason why not",
            .histories(atStake: 50, CommentJudges.evidence)),
        Invariant(
            "I10 a stated time is not before the computed instant, and is that instant on the customer's clock",
            .histories(atStake: 100, TimeJudges.statedTimes)),
        Invariant("I11 a promise is kept, broken, renewed or void", .histories(atStake: 100, PromiseJudges.ends)),
        Invariant("I12 people are called before a promise breaks", .histories(atStake: 20, PromiseJudges.calls)),
        Invariant(
            "I13 nothing of a customer stands in public or in a record", .histories(atStake: 500, TextJudges.privacy)),
        Invariant(
            "I14 nothing is said to ourselves, to machines, or in threads of others",
            .histories(atStake: 200, TextJudges.silence)),
        Invariant(
            "I15 no text is longer than its channel takes, and none loses a grapheme",
            .histories(atStake: 100, TextJudges.lengths)),
        Invariant(
            "I16 automatic texts say so at the start, after a while and after a person",
            .histories(atStake: 100, TextJudges.disclosure)),
        Invariant(
            "1b never the same text twice in a conversation, or to neighbours under a post",
            .histories(atStake: 300, TextJudges.repetition)),
        Invariant("I17 no text sends a customer elsewhere", .histories(atStake: 300, TextJudges.redirects)),
        Invariant(
            "I18 round the clock is never closed, no hours are never open",
            .test(in: "BusinessTimeTests/InvariantTests.swift")),
        Invariant("I19 coverage knows no order of teams", .test(in: "BusinessTimeTests/InvariantTests.swift")),
        Invariant("I20 a replay gives the same bytes", .someHistories(atStake: 400, RecordJudges.replay)),
        Invariant("I21 a braked account starts nothing", .test(in: "WorkersTests/Delivery/ScheduleTests.swift")),
        Invariant("I22 no two owners decide for one lane", .test(in: "LanesTests/InvariantTests.swift")),
    ]

    private init(_ name: String, _ proof: Proof) {
        self.name = name
        self.proof = proof
    }
}
