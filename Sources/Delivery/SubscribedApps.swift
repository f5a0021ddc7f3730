internal import Channels

/// Which apps get which webhooks of an account, as `subscribed_apps` answers (DOMAIN.md 4.3).
///
/// The platform lists every app of the account. That another one is subscribed says nothing of ours, which the platform
/// may have taken off after an hour of failures.
struct SubscribedApps {
    private let apps: [(id: String, fields: [String])]

    init(_ document: JSONValue) {
        apps = (document["data"]?.array ?? []).map { app in
            let id = app["id"]?.string ?? app["id"]?.integer.map(String.init) ?? ""
            return (id, (app["subscribed_fields"]?.array ?? []).compactMap { $0.string ?? $0["name"]?.string })
        }
    }

    var count: Int { apps.count }

    /// The fields of our app; none if it is not listed. Nil if nobody knows which it is and there is any: a single one may
    /// be another's, that was left when ours was taken off.
    func fields(of app: String?) -> [String]? {
        guard let app else { return apps.isEmpty ? [] : nil }
        return apps.filter { $0.id == app }.flatMap(\.fields)
    }

    /// Asks for the app that a token was made for.
    static let ownApp = MetaRead(["app"], [("fields", "id")])

    /// The platform's answer to `ownApp`.
    static func ownApp(in document: JSONValue) -> String? {
        document["id"]?.string ?? document["id"]?.integer.map(String.init)
    }
}
