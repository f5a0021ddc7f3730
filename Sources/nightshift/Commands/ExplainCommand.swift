import ArgumentParser
import Contracts
import Conversations
import Lanes

/// One sentence for a result.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say in a sentence why something was decided as it was.")

    @OptionGroup var redis: RedisOptions
    @Option(help: "Every result of this conversation.") var conversation: String?
    @Option(help: "The results of this event id.") var event: String?

    func validate() throws {
        guard (conversation == nil) != (event == nil) else {
            throw ValidationError("expected --conversation or --event, one of them")
        }
    }

    func run() async throws {
        let session = try Session(redis)
        var found = 0
        // Lanes that a conversation may have gone through are read as one, in the order of their commits.
        for lanes in try session.groups([]) {
            try session.eachResult(of: lanes) { stored in
                for result in stored.batch.results
                where result.conversation == conversation || (event != nil && result.event == event) {
                    found += 1
                    Output.line(Explanation.sentence(for: result))
                }
            }
        }
        guard found > 0 else {
            throw Failure(expected: "a result", came: "none", at: conversation ?? event ?? "")
        }
    }
}

extension Session {
    /// Walks a lane's results from the oldest that is kept, in pages; batches from which something was erased in their places.
    func eachResult(of lane: LaneName, _ each: (StoredResults) throws -> Void) throws {
        var after = EntryID.start
        var kept = try store.kept(lane).results[...]
        while true {
            let page = try store.results(lane, after: after, most: 100)
            for stored in page {
                after = stored.entry
                while let first = kept.first, first.entry < stored.entry {
                    kept.removeFirst()
                    try each(first)
                }
                try each(stored)
            }
            if page.count < 100 { return try kept.forEach(each) }
        }
    }
}
