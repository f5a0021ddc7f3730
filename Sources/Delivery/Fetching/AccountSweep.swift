internal import Channels
internal import Contracts
internal import Instants

/// One sweep over an account's posts: those that the platform lists and those that webhooks told of, as many of them as it
/// is this one's turn to read (`PostRound`).
///
/// Posts are taken in the order of their ids, one call at a time, so that a sweep that has no time left says behind which
/// post the next one goes on. What was found is held post by post: a sweep that ends early has lost nothing.
struct AccountSweep {
    /// Pages of one post. A sweep that does not come to the end of its time on them is not whole.
    private static let mostPages = 50
    /// Pages of one list of posts, 2,000 in all: as many as are remembered of those that webhooks told of.
    private static let mostListPages = 20
    /// Further pages of answers, of all comments of a post together: what a fetch has time for, and the rest is for webhooks:
    /// a post that is talked about that much would have no sweep of its account ever be whole.
    static let mostAnswerPages = 30
    /// The post that a fetch begins with is tried so often; one that still runs out of time is then passed over, so that it
    /// holds up no other.
    private static let mostTries = 3

    private let fetch: GraphFetch
    private let sweep: MetaSweep
    private let round: PostRound

    /// A post that is read, and the time of whose comments.
    private struct Reading {
        let post: FetchDoors.Post
        let time: Range<Instant>
    }

    init(_ fetch: GraphFetch) {
        self.fetch = fetch
        sweep = MetaSweep(channel: fetch.channel, account: fetch.action.account)
        let since = Instant(milliseconds: fetch.action.since)
        round = PostRound(since..<max(since, Instant(milliseconds: fetch.action.until)))
    }

    func run() async throws {
        let action = fetch.action
        var found: UInt32 = 0
        var done = action.resume
        // What keeps the sweep from being whole.
        var fault: SendFailure?
        var (read, forbidden) = (0, 0)
        var refusal: SendFailure?
        for reading in try await readings(&fault) where reading.post.id > action.resume {
            let post = reading.post
            // The first is always tried, so that sweeps that are out of breath go on.
            if done != action.resume, fetch.left < .seconds(2) {
                return try await end(found, fault) { $0.resume = done }
            }
            var events: [Event] = []
            do {
                let isWhole = try await comments(of: post, reading.time, into: &events)
                read += 1
                if !isWhole {
                    fault = SendFailure(
                        status: 0,
                        message: "expected the comments of post \(post.id) within \(Self.mostPages) pages, got more")
                }
            } catch let ended as GraphFetch.Ended {
                let isFirst = done == action.resume
                if let failure = passedOver(ended, isFirst: isFirst) {
                    // The other posts are not to wait for one that the platform refuses, or fails at.
                    if Self.isForbidden(failure) {
                        (forbidden, refusal) = (forbidden + 1, failure)
                    } else {
                        fault = failure
                    }
                } else {
                    // What failed by chance costs no more than its post; what a platform limits ends the sweep.
                    guard case .again = ended.answer, !isFirst else { throw ended }
                    return try await end(found, fault) { $0.resume = done }
                }
            }
            if !events.isEmpty { try await fetch.hold(events) }
            found += UInt32(clamping: events.count)
            done = post.id
        }
        // What was not read is asked for again: the next sweep begins where this one did. One post that is forbidden would be
        // so again; if all are, a permission is missing that may come back.
        if read == 0, forbidden > 0, fault == nil { fault = refusal }
        try await end(found, fault) { $0.until = fault == nil ? action.until : 0 }
    }

    /// Why a post is left to the next sweep; nil: it is to be tried again.
    private func passedOver(_ ended: GraphFetch.Ended, isFirst: Bool) -> SendFailure? {
        switch ended.answer {
        case _ where ended.isHeld: nil
        case .failed(let failure): failure
        // The lists of posts were read just before: the platform answers.
        case .again(_, let failure) where isFirst && fetch.attempt.tries >= Self.mostTries: failure
        default: nil
        }
    }

    /// Codes of missing permissions (DOMAIN.md 4.10).
    private static func isForbidden(_ failure: SendFailure) -> Bool {
        failure.code == 3 || failure.code == 10 || failure.code.map { (200...299).contains($0) } == true
    }

    private func end(
        _ found: UInt32, _ fault: SendFailure?, _ fill: (inout Fetched) -> Void
    ) async throws {
        try await fetch.hold([
            fetch.fetched { fetched in
                fetched.found = found
                fetched.text = fault?.description ?? ""
                fill(&fetched)
            }
        ])
    }

    /// In the order of their posts' ids, each once.
    ///
    /// - Parameter fault: why a list could not be read that ought to be.
    private func readings(_ fault: inout SendFailure?) async throws -> [Reading] {
        guard let told = await fetch.doors.posts(fetch.action.account) else {
            let failure = SendFailure(
                status: 0, message: "expected the known posts, Redis did not answer", isOurs: true)
            throw GraphFetch.Ended(answer: .again(after: .seconds(5), failure))
        }
        var posts: [String: FetchDoors.Post] = [:]
        var lively: Set<String> = []
        for (number, list) in sweep.posts.enumerated() {
            do {
                let ids = try await ids(of: list)
                for id in ids { posts[id] = FetchDoors.Post(id: id) }
                lively.formUnion(ids.prefix(PostRound.newest))
            } catch let ended as GraphFetch.Ended {
                // Only the first list is every account's; one of ads wants permissions of its own.
                guard number > 0, case .failed(let failure) = ended.answer else { throw ended }
                if !Self.isForbidden(failure) { fault = failure }
            }
        }
        for post in told {
            posts[post.id] = post
            if round.isLively(toldAt: post.toldAt) { lively.insert(post.id) }
        }
        return posts.values.sorted { $0.id < $1.id }.compactMap { post in
            round.time(of: post.id, isLively: lively.contains(post.id)).map { time in
                let start = max(time.lowerBound, Instant(milliseconds: fetch.action.earliest))
                return Reading(post: post, time: min(start, time.upperBound)..<time.upperBound)
            }
        }
    }

    /// What all pages of a list name, the newest posts first.
    private func ids(of list: MetaRead) async throws -> [String] {
        var ids: [String] = []
        var after: String?
        for _ in 0..<Self.mostListPages {
            let page = try await fetch.read(MetaSweep.page(of: list, after: after))
            ids += MetaSweep.ids(in: page)
            guard let next = MetaSweep.next(in: page), next != after else { break }
            after = next
        }
        return ids
    }

    /// Adds page by page, so that what was read of a post is there when the rest of it cannot be.
    ///
    /// - Returns: whether nothing of that time can lie behind what was read.
    private func comments(
        of post: FetchDoors.Post, _ range: Range<Instant>, into events: inout [Event]
    ) async throws -> Bool {
        var after: String?
        var own = MetaSweep.OwnReplies()
        var isWithin = true
        var left = Self.mostAnswerPages
        for _ in 0..<Self.mostPages {
            // A post that is gone, or was never ours, has nothing to be found.
            guard
                let page = try await page(
                    sweep.comments(of: post.id, since: range.lowerBound, after: after))
            else { return true }
            var replies: [String: [JSONValue]] = [:]
            for unread in MetaSweep.unread(in: page) {
                replies[unread.comment] = try await self.replies(
                    to: unread.comment, from: unread.after, &left)
            }
            events += sweep.events(
                in: page, replies: replies, post: post.id, original: post.original, range: range,
                received: fetch.received, own: &own)
            guard let next = MetaSweep.next(in: page), !sweep.ends(page, before: range.lowerBound) else {
                return true
            }
            isWithin = !sweep.isOlder(page, than: range.lowerBound)
            after = next
        }
        return !isWithin
    }

    /// What comes behind the answers that stood beside a comment. Where the account's own word is among them, it counts.
    private func replies(
        to comment: String, from first: String, _ left: inout Int
    ) async throws -> [JSONValue] {
        var replies: [JSONValue] = []
        var after = first
        while left > 0 {
            left -= 1
            guard let page = try await page(MetaSweep.replies(to: comment, after: after)) else { break }
            replies += page["data"]?.array ?? []
            guard let next = MetaSweep.next(in: page), next != after else { break }
            after = next
        }
        return replies
    }

    /// Nil for what is gone, or was never ours. Any other 100 is about what we asked.
    private func page(_ read: MetaRead) async throws -> JSONValue? {
        do {
            return try await fetch.read(read)
        } catch let ended as GraphFetch.Ended {
            guard case .failed(let failure) = ended.answer, failure.code == 100, failure.subcode == 33
            else { throw ended }
            return nil
        }
    }
}
