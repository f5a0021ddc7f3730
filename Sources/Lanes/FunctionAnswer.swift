internal import Contracts
internal import Instants
internal import Redis

/// A function's reply: a word, then values by place. Reads them with the error that names the call.
struct FunctionAnswer {
    let call: String
    /// The first element.
    let word: String
    private let values: [RedisReply]

    /// A fault is Redis's own error for this lane.
    enum Outcome {
        case answer(FunctionAnswer)
        case fault(LaneFault)
    }

    static func read(_ reply: RedisReply, call: String) throws(LaneError) -> Outcome {
        if let error = reply.error { return .fault(LaneFault(code: error.code, message: error.message)) }
        guard let values = reply.array, let word = values.first?.string else {
            throw .unexpectedReply(call: call, came: reply.kind)
        }
        return .answer(FunctionAnswer(call: call, word: word, values: values))
    }

    func list(_ place: Int) throws(LaneError) -> [RedisReply] {
        guard let list = value(place)?.array else { throw unexpected(place) }
        return list
    }

    func text(_ place: Int) throws(LaneError) -> String {
        guard let text = value(place)?.string else { throw unexpected(place) }
        return text
    }

    /// Nil for the empty text.
    func optionalText(_ place: Int) throws(LaneError) -> String? {
        let text = try text(place)
        return text.isEmpty ? nil : text
    }

    func integer(_ place: Int) throws(LaneError) -> Int64 {
        guard let number = value(place)?.int else { throw unexpected(place) }
        return number
    }

    func count(_ place: Int) throws(LaneError) -> UInt64 {
        guard let number = UInt64(exactly: try integer(place)) else { throw unexpected(place) }
        return number
    }

    func flag(_ place: Int) throws(LaneError) -> Bool { try integer(place) != 0 }

    func instant(_ place: Int) throws(LaneError) -> Instant { Instant(milliseconds: try integer(place)) }

    /// Nil for the empty text.
    func optionalInstant(_ place: Int) throws(LaneError) -> Instant? {
        guard let bytes = value(place)?.bytes else { throw unexpected(place) }
        return bytes.isEmpty ? nil : try instant(place)
    }

    /// The lane clock from `now` and `offset`, which stand side by side.
    func clock(_ place: Int) throws(LaneError) -> LaneClock {
        LaneClock(now: try instant(place), offset: .milliseconds(try integer(place + 1)))
    }

    func entry(_ place: Int) throws(LaneError) -> EntryID {
        guard let entry = EntryID(try text(place)) else { throw unexpected(place) }
        return entry
    }

    func optionalEntry(_ place: Int) throws(LaneError) -> EntryID? {
        try optionalText(place) == nil ? nil : try entry(place)
    }

    func unexpected(_ place: Int) -> LaneError {
        .unexpectedReply(call: call, came: "\(word) with \(value(place)?.kind ?? "nothing") at \(place)")
    }

    private func value(_ place: Int) -> RedisReply? { values.indices.contains(place) ? values[place] : nil }
}
