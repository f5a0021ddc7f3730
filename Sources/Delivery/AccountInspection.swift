package import Channels
package import Contracts
package import Instants
package import Lanes

/// What the platform says of an account: its token, the permissions of our app, the fields that come by webhook, routing.
///
/// Read-only. Nothing it says holds a token or a secret, and the platform's own words are cut.
package struct AccountInspection: Sendable {
    package struct Finding: Sendable, Equatable {
        package enum Standing: String, Sendable {
            case ok
            /// Something will not work until a person mends it.
            case fault
            /// The platform does not say, or not to us.
            case unknown
        }

        package let name: String
        package let standing: Standing
        package let detail: String

        package init(_ name: String, _ standing: Standing, _ detail: String) {
            self.name = name
            self.standing = standing
            self.detail = detail
        }
    }

    let client: MetaClient
    let patience: Duration

    package init(client: MetaClient, patience: Duration = .seconds(10)) {
        self.client = client
        self.patience = patience
    }

    /// The webhook fields without which events of a channel are missing (DOMAIN.md 4.3, 4.4).
    ///
    /// By Facebook Login Instagram's own fields are chosen once for the whole app, in its settings; the page behind an
    /// account must be subscribed with any field of a page, else they do not come.
    ///
    /// - Parameter receipts: deliveries and reads are wanted too.
    package static func neededFields(
        _ channel: MetaChannel, _ login: MetaLogin = .page, receipts: Bool = false
    ) -> [String] {
        if case .linkedPage = login { return [linkField] }
        return usualFields(channel) + (receipts ? receiptFields(channel) : [])
    }

    /// The field of a page that comes least often: what it tells of a page that is no account of ours is set aside.
    private static let linkField = "mention"

    /// What of the needed fields does not come.
    static func missing(_ needed: [String], _ have: [String], _ login: MetaLogin) -> [String] {
        if case .linkedPage = login { return have.isEmpty ? needed : [] }
        return needed.filter { !have.contains($0) }
    }

    private static func receiptFields(_ channel: MetaChannel) -> [String] {
        switch channel {
        case .facebook: ["message_deliveries", "message_reads"]
        case .instagram: ["messaging_seen"]
        }
    }

    private static func usualFields(_ channel: MetaChannel) -> [String] {
        switch channel {
        case .facebook:
            [
                "feed", "mention", "message_echoes", "message_edits", "message_reactions", "messages",
                "messaging_handovers", "messaging_policy_enforcement", "messaging_postbacks", "messaging_referrals",
                "standby",
            ]
        case .instagram:
            [
                "comments", "live_comments", "mentions", "message_edit", "message_reactions", "messages",
                "messaging_handover", "messaging_policy_enforcement", "messaging_postbacks", "messaging_referral",
                "standby",
            ]
        }
    }

    /// Of those, what not every version of the platform knows on every channel. It refuses a list with one word that it does
    /// not know, so the rest is then subscribed without them.
    package static let youngFields: Set<String> = [
        "message_edit", "message_edits", "messaging_handover", "messaging_policy_enforcement", "messaging_seen",
    ]

    /// The permissions without which calls of a channel are refused.
    package static func neededPermissions(_ channel: MetaChannel, _ login: MetaLogin = .page) -> [String] {
        switch channel {
        case .instagram where login == .instagram:
            [
                "instagram_business_basic", "instagram_business_manage_comments",
                "instagram_business_manage_messages",
            ]
        case .facebook:
            ["pages_manage_engagement", "pages_manage_metadata", "pages_messaging", "pages_read_engagement"]
        case .instagram:
            ["instagram_basic", "instagram_manage_comments", "instagram_manage_messages", "pages_manage_metadata"]
        }
    }

    /// Asks some questions, one after the other; a token that is not valid ends it.
    ///
    /// - Parameters:
    ///   - app: the platform's id of our own app; nil if nobody wrote it down.
    ///   - receipts: the channel's file wants deliveries and reads.
    ///   - iceBreakers: what the configuration says; nil, or none at all, asks nothing about them.
    package func findings(
        account: String, channel: MetaChannel, app: String? = nil, receipts: Bool = false,
        iceBreakers: IceBreakers? = nil
    ) async -> [Finding] {
        let token = await token(account)
        let tokens = await tokens(account)
        guard token.standing == .ok else { return [token] + tokens }
        var findings = [token] + tokens + [await permissions(account, channel)]
        findings += [await subscriptions(account, channel, app, receipts), await routing(account)]
        if let iceBreakers, !iceBreakers.isEmpty { findings.append(await drift(iceBreakers, account, channel)) }
        return findings
    }

    /// Whether the platform's own instant replies and away messages answer beside us (DOMAIN.md 4.5). It does not tell; what is
    /// known is what workers saw.
    ///
    /// - Parameters:
    ///   - last: when workers last saw one; nil: never, as far as is known.
    ///   - now: the lane clock; nil if Redis was not asked.
    package static func autoReplies(last reading: AccountFact<Instant>, now: Instant?) -> Finding {
        let place = "Inbox, Automations, in Meta Business Suite"
        guard let now else {
            return Finding(
                "auto_replies", .unknown,
                "what workers saw is in Redis (without --config); look whether any is switched on: \(place)")
        }
        guard case .known(let last) = reading else {
            return Finding(
                "auto_replies", .unknown,
                "the account's keys in Redis cannot be read now; look whether any is switched on: \(place)")
        }
        guard let last else {
            return Finding(
                "auto_replies", .unknown,
                "workers have seen none; the platform does not tell, so look whether any is switched on: \(place)")
        }
        guard now - last < seenLately else {
            return Finding(
                "auto_replies", .unknown,
                "workers have seen none since \(last); the platform does not tell whether any is switched on: \(place)")
        }
        return Finding(
            "auto_replies", .fault,
            "the platform's own reply answered a customer beside us, last at \(last); switch it off: \(place)")
    }

    private static let seenLately = Duration.seconds(7 * 86_400)

    private func drift(_ wish: IceBreakers, _ account: String, _ channel: MetaChannel) async -> Finding {
        switch await IceBreakerSync(client: client, patience: patience).bring(
            wish, to: account, channel, writing: .never)
        {
        case .same, .pushed: Finding("ice_breakers", .ok, "as configured, in \(wish.locales.count) locales")
        case .differs(let locales):
            Finding(
                "ice_breakers", .fault,
                "other than configured in \(locales.joined(separator: " ")); accounts sync writes them")
        case .refused(let reason): Finding("ice_breakers", .unknown, reason)
        }
    }

    private func token(_ account: String) async -> Finding {
        let login = client.login(of: account)
        let (path, fields): (String, String) =
            switch login {
            case .page: (account, "id,name")
            case .linkedPage(let page): (page, "id,name,instagram_business_account")
            // The node's own `id` is another one there; webhooks name this.
            case .instagram: ("me", "user_id,username")
            }
        switch await read([path], [("fields", fields)], account) {
        case .document(let document):
            let told = document[login == .instagram ? "user_id" : "id"]
            let node = login.node(of: account)
            guard told?.string ?? told?.integer.map(String.init) == node else {
                return Finding("token", .fault, "expected account \(node), got another")
            }
            return login == .page || login == .instagram
                ? Finding("token", .ok, "valid") : link(document, account, node)
        case .refused(let code, let words): return Finding("token", .fault, "refused with code \(code): \(words)")
        case .none(let reason): return Finding("token", .unknown, reason)
        }
    }

    /// Whether the page that the configuration names is the one behind the Instagram account.
    private func link(_ document: JSONValue, _ account: String, _ page: String) -> Finding {
        let linked = document["instagram_business_account"]?["id"]
        guard let id = linked?.string ?? linked?.integer.map(String.init) else {
            return Finding("token", .fault, "expected page \(page) linked to \(account), the platform names no account")
        }
        return id == account
            ? Finding("token", .ok, "valid, by way of page \(page)")
            : Finding("token", .fault, "expected page \(page) linked to \(account), it is linked to another account")
    }

    private func permissions(_ account: String, _ channel: MetaChannel) async -> Finding {
        let needed = Self.neededPermissions(channel, client.login(of: account))
        switch await read(["me", "permissions"], [], account) {
        case .document(let document):
            let granted = (document["data"]?.array ?? []).filter { $0["status"]?.string == "granted" }
                .compactMap { $0["permission"]?.string }
            return Self.finding("permissions", needed.filter { !granted.contains($0) }, of: needed)
        case .refused(let code, _):
            return Finding("permissions", .unknown, "the platform does not tell with this token (code \(code))")
        case .none(let reason): return Finding("permissions", .unknown, reason)
        }
    }

    private func subscriptions(_ account: String, _ channel: MetaChannel, _ app: String?, _ receipts: Bool) async
        -> Finding
    {
        let login = client.login(of: account)
        switch await read([client.node(of: account), "subscribed_apps"], [], account) {
        case .document(let document):
            let apps = SubscribedApps(document)
            guard let have = apps.fields(of: await ownApp(app, apps, account)) else {
                return Finding(
                    "subscribed_fields", .unknown,
                    "\(apps.count) subscribed, and the platform does not say which app is ours; `app` in accounts.yaml does"
                )
            }
            let needed = Self.neededFields(channel, login, receipts: receipts)
            let missing = Self.missing(needed, have, login)
            if missing.isEmpty, case .linkedPage(let page) = login {
                return Finding(
                    "subscribed_fields", .ok,
                    "page \(page) is subscribed; Instagram's fields are chosen in the app's settings, which this "
                        + "token cannot read")
            }
            return Self.finding("subscribed_fields", missing, of: needed)
        case .refused(let code, let words):
            return Finding("subscribed_fields", .unknown, "refused with code \(code): \(words)")
        case .none(let reason): return Finding("subscribed_fields", .unknown, reason)
        }
    }

    private func routing(_ account: String) async -> Finding {
        switch await read(["me"], [("fields", "messaging_feature_status")], account) {
        case .document(let document):
            guard let features = document["messaging_feature_status"]?.object else {
                return Finding("routing", .unknown, "the platform names no features")
            }
            let on = features.filter { $0.value.bool == true }.keys.sorted()
            return Finding("routing", .ok, on.isEmpty ? "one app only" : on.joined(separator: " "))
        case .refused(let code, _): return Finding("routing", .unknown, "the platform does not tell (code \(code))")
        case .none(let reason): return Finding("routing", .unknown, reason)
        }
    }

    /// Which fields of webhooks our app gets at an account's node now; nil if the platform does not say, or not whose.
    package func subscribedFields(account: String, app: String?) async -> [String]? {
        guard case .document(let document) = await read([client.node(of: account), "subscribed_apps"], [], account)
        else { return nil }
        let apps = SubscribedApps(document)
        return apps.fields(of: await ownApp(app, apps, account))
    }

    /// The platform is asked where nobody wrote our app down.
    private func ownApp(_ app: String?, _ apps: SubscribedApps, _ account: String) async -> String? {
        guard app == nil, apps.count > 0,
            case .document(let told) = await read(SubscribedApps.ownApp.path, SubscribedApps.ownApp.query, account)
        else { return app }
        return SubscribedApps.ownApp(in: told)
    }

    private static func finding(_ name: String, _ missing: [String], of needed: [String]) -> Finding {
        missing.isEmpty
            ? Finding(name, .ok, "\(needed.count) of \(needed.count)")
            : Finding(name, .fault, "missing: \(missing.joined(separator: " "))")
    }

    private enum Answer {
        case document(JSONValue)
        case refused(code: Int64, words: String)
        case none(String)
    }

    private func read(_ path: [String], _ query: [(String, String)], _ account: String) async -> Answer {
        guard let (status, document) = await client.read(path, query: query, account: account, deadline: patience)
        else { return .none("no answer, or none in JSON") }
        if let error = document["error"], case .object = error {
            let words = TokenMask.masked(error["message"]?.string ?? "no message")
            return .refused(
                code: error["code"]?.integer ?? Int64(status), words: TextLimit(unit: .bytes, most: 120).cut(words))
        }
        return (200...299).contains(status) ? .document(document) : .none("http \(status)")
    }
}
