import Channels
import Delivery
import Testing

extension GraphCarrier {
    /// Carries one attempt out and nothing after it; what it came to.
    func answer(to attempt: Attempt) async throws -> Answered {
        let (answers, door) = AsyncStream<Answered>.makeStream()
        async let running: Void = run()
        start([attempt], answers: AnswerBox { for one in $0 { door.yield(one) } })
        finish()
        var iterator = answers.makeAsyncIterator()
        let first = await iterator.next()
        await running
        return try #require(first)
    }
}
