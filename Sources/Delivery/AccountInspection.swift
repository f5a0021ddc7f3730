package import Channels
internal import Contracts
package import Instants

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

    private let client: MetaClient
    private let patience: Duration

    package init(client: MetaClient, patience: Duration = .seconds(10)) {
        self.client = client
        self.patience = patience
    }

    /// The webhook fields without which events of a channel are missing (DOMAIN.md 4.3, 4.4).
    ///
    /// - Parameter receipts: deliveries and reads are wanted too.
    package static func neededFields(_ channel: MetaChannel, receipts: Bool = false) -> [String] {
        usualFields(channel) + (receipts ? receiptFields(channel) : [])
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
    package static func neededPermissions(_ channel: MetaChannel) -> [String] {
        switch channel {
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
        guard token.standing == .ok else { return [token] }
        var findings = [
            token, await permissions(account, channel), await subscriptions(account, channel, app, receipts),
            await routing(account),
        ]
        if let iceBreakers, !iceBreakers.isEmpty { findings.append(await drift(iceBreakers, account, channel)) }
        return findings
    }

    /// Whether the platform's own instant replies and away messages answer beside us (DOMAIN.md 4.5). It does not tell; what is
    /// known is what workers saw.
    ///
    /// - Parameters:
    ///   - last: when workers last saw one; nil: never, as far as is known.
    ///   - now: the lane clock; nil if Redis was not asked.
    package static func autoReplies(last: Instant?, now: Instant?) -> Finding {
        let place = "Inbox, Automations, in Meta Business Suite"
        guard let now else {
            return Finding(
                "auto_replies", .unknown,
                "what workers saw is in Redis (without --config); look whether any is switched on: \(place)")
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
        switch await read([account], [("fields", "id,name")], account) {
        case .document(let document):
            let id = document["id"]?.string ?? document["id"]?.integer.map(String.init) ?? "none"
            guard id == account else { return Finding("token", .fault, "expected account \(account), got another") }
            return Finding("token", .ok, "valid")
        case .refused(let code, let words): return Finding("token", .fault, "refused with code \(code): \(words)")
        case .none(let reason): return Finding("token", .unknown, reason)
        }
    }

    private func permissions(_ account: String, _ channel: MetaChannel) async -> Finding {
        let needed = Self.neededPermissions(channel)
        switch await read(["me", "permissions"], [], account) {
        case .document(let document):
            let granted = (document["data"]?.array ?? []).filter { $0["status"]?.string == "granted" }
                .compactMap { $0["permission"]?.string }
            return Self.missing("permissions", needed, granted)
        case .refused(let code, _):
            return Finding("permissions", .unknown, "the platform does not tell with this token (code \(code))")
        case .none(let reason): return Finding("permissions", .unknown, reason)
        }
    }

    private func subscriptions(_ account: String, _ channel: MetaChannel, _ app: String?, _ receipts: Bool) async
        -> Finding
    {
        switch await read([account, "subscribed_apps"], [], account) {
        case .document(let document):
            let apps = SubscribedApps(document)
            var own = app
            if own == nil, apps.count > 0,
                case .document(let told) = await read(SubscribedApps.ownApp.path, SubscribedApps.ownApp.query, account)
            {
                own = SubscribedApps.ownApp(in: told)
            }
            guard let have = apps.fields(of: own) else {
                return Finding(
                    "subscribed_fields", .unknown,
                    "\(apps.count) subscribed, and the platform does not say which app is ours; `app` in accounts.yaml does"
                )
            }
            return Self.missing("subscribed_fields", Self.neededFields(channel, receipts: receipts), have)
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

    private static func missing(_ name: String, _ needed: [String], _ have: [String]) -> Finding {
        let missing = needed.filter { !have.contains($0) }
        return missing.isEmpty
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
