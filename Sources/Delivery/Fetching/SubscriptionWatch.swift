internal import Channels
internal import Contracts
internal import Instants

/// Whether our app still gets an account's webhooks; what does not come is subscribed again at once.
///
/// Which app is ours says `app` in accounts.yaml, else the platform, which is asked for the app of the token. If neither
/// does and apps are subscribed, nothing is known: what others get is never counted as ours, and nothing is written, since
/// a new list takes the place of one that nobody could read.
struct SubscriptionWatch {
    private let fetch: GraphFetch
    private let account: String
    private let login: MetaLogin
    private let node: String

    init(_ fetch: GraphFetch) {
        self.fetch = fetch
        account = fetch.action.account
        login = fetch.client.login(of: account)
        node = login.node(of: account)
    }

    func run() async throws {
        let apps = SubscribedApps(try await fetch.read(MetaRead([node, "subscribed_apps"])))
        var app = fetch.doors.app(account)
        if app == nil, apps.count > 0 { app = try await ownApp() }
        guard let have = apps.fields(of: app) else {
            return try await fetch.hold([fetch.fetched { $0.unsure = true }])
        }
        let needed = AccountInspection.neededFields(
            fetch.channel, login, receipts: fetch.doors.receipts(account))
        // Fields that the platform's version may not know are `accounts check`'s to show: nobody is called for them.
        let missing = AccountInspection.missing(needed, have, login).filter {
            !AccountInspection.youngFields.contains($0)
        }
        let isRestored = missing.isEmpty ? false : try await restore(needed, have)
        // Who reads and writes the account's settings here anyway. Others than ours stay as they are; `accounts check` shows
        // them and what is refused, `accounts sync` writes over them.
        let wish = fetch.doors.iceBreakers(account)
        if !wish.isEmpty, fetch.left > .seconds(2), !fetch.attempt.isHeld() {
            _ = await IceBreakerSync(client: fetch.client, patience: min(fetch.left / 2, .seconds(5)))
                .bring(wish, to: account, fetch.channel, writing: .whereNone)
        }
        try await fetch.hold([
            fetch.fetched { fetched in
                fetched.text = missing.joined(separator: " ")
                fetched.restored = isRestored
            }
        ])
    }

    /// Nil where the platform does not tell with this token.
    private func ownApp() async throws -> String? {
        do {
            return SubscribedApps.ownApp(in: try await fetch.read(SubscribedApps.ownApp))
        } catch let ended as GraphFetch.Ended {
            guard case .failed = ended.answer else { throw ended }
            return nil
        }
    }

    /// True if all fields come again.
    private func restore(_ needed: [String], _ have: [String]) async throws -> Bool {
        // What somebody subscribed by hand stays: a new list takes the place of the old one.
        let wish = needed + have.filter { !needed.contains($0) }
        if try await subscribe(wish) { return true }
        let known = wish.filter { have.contains($0) || !AccountInspection.youngFields.contains($0) }
        if Set(known) != Set(wish), known.contains(where: { !have.contains($0) }) {
            _ = try await subscribe(known)
        }
        return false
    }

    /// False if the platform refuses.
    private func subscribe(_ fields: [String]) async throws -> Bool {
        try fetch.checkHeld()
        let made = await fetch.client.carryOut(
            .subscribe(node, fields: fields), account: account, kind: .fetch, attempt: fetch.attempt.tries,
            deadline: max(.milliseconds(1), min(fetch.left, .seconds(10))))
        switch made.answer {
        case .delivered: return true
        case .failed, .windowClosed: return false
        case .again, .ambiguous, .stopAccount, .braked: throw GraphFetch.Ended(answer: made.answer)
        }
    }
}
