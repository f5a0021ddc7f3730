import Ingress
import Instants
import Lanes
import Redis
import Telemetry

/// Keeps one ingress process's book of aliases and Redis together: new ones are written once a second, all are read once a
/// minute. What fails is tried again with the next call; webhooks go on with what the book holds.
struct AliasExchange {
    private static let readAgain = Duration.seconds(60)
    private static let mostAtOnce = 1_000

    let book: AliasBook
    let posts: PostBook
    let metrics: MetricRegistry
    private var readAt: ContinuousClock.Instant?

    init(book: AliasBook, posts: PostBook, metrics: MetricRegistry) {
        self.book = book
        self.posts = posts
        self.metrics = metrics
    }

    /// Writes down the posts that webhooks told of; what fails is tried with the next call.
    func writePosts(_ redis: RedisThread, _ keyspace: Keyspace) async {
        let seen = posts.take()
        guard !seen.isEmpty else { return }
        let written: Void? = try? await redis.run { connection in
            try LaneStore(connection: connection, keyspace: keyspace).notePosts(seen)
        }
        if written == nil { posts.giveBack(seen) }
    }

    mutating func exchange(_ redis: RedisThread, _ keyspace: Keyspace, accounts: [String], at now: Instant) async {
        metrics.add(.aliasesRefused, by: Double(book.takeRefused()))
        let fresh = book.fresh(atMost: Self.mostAtOnce)
        let isDue = readAt.map { .now - $0 >= Self.readAgain } ?? true
        guard !fresh.isEmpty || isDue else { return }
        let read = try? await redis.run { connection in
            let store = LaneStore(connection: connection, keyspace: keyspace)
            try store.addAliases(fresh, at: now)
            return isDue ? try store.aliases(of: accounts, at: now) : ([:], [:])
        }
        guard let read else { return }
        book.written(fresh)
        guard isDue else { return }
        book.use(recent: read.0, older: read.1)
        readAt = .now
    }
}
