internal import Channels
internal import Contracts

/// Asks what was said of the account elsewhere, and by whom.
struct MentionFetch {
    private let fetch: GraphFetch

    init(_ fetch: GraphFetch) {
        self.fetch = fetch
    }

    func run() async throws {
        let action = fetch.action
        let mention = MetaMentionRead(
            of: action.comment, in: action.resume, channel: fetch.channel, account: action.account)
        guard let found = mention.found(in: try await document(mention.reads)) else {
            let failure = SendFailure(status: 200, message: "expected a mention, the platform gave none")
            throw GraphFetch.Ended(answer: .failed(failure))
        }
        let text = KeptText(found.text)
        var event = fetch.fetched { fetched in
            fetched.text = text.text
            fetched.fullLength = text.fullLength
            fetched.author = found.authorName
            fetched.target = action.comment
        }
        // Who wrote it can be forgotten only by name.
        if !found.author.isEmpty { event.contact = found.author }
        try await fetch.hold([event])
    }

    /// The first read that the platform does not refuse.
    private func document(_ reads: [MetaRead]) async throws -> JSONValue {
        for read in reads.dropLast() {
            do {
                return try await fetch.read(read)
            } catch let ended as GraphFetch.Ended {
                // A field that the platform does not give.
                guard case .failed(let failure) = ended.answer, failure.code == 100 else { throw ended }
            }
        }
        guard let last = reads.last else { return .null }
        return try await fetch.read(last)
    }
}
