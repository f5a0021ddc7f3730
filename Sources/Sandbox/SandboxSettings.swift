package import Contracts
package import Instants

/// An account that the sandbox plays the platform for.
package struct SandboxAccount: Sendable, Equatable {
    package let id: String
    /// What the page shows beside it: the market, its language, its zone.
    package let label: String
    package let isInstagram: Bool
    /// At which node and host the platform takes calls about it.
    package let login: MetaLogin
    /// The secret of the account's app.
    package let secret: [UInt8]

    /// - Parameter login: nil: a page's own, or Instagram Login.
    package init(id: String, label: String, isInstagram: Bool, login: MetaLogin? = nil, secret: [UInt8]) {
        self.login = login ?? (isInstagram ? .instagram : .page)
        self.id = id
        self.label = label
        self.isInstagram = isInstagram
        self.secret = secret
    }
}

/// What the platform tells of a customer.
package struct SandboxProfile: Sendable, Equatable {
    package let firstName: String
    /// Such as `vi_VN`.
    package let locale: String
    /// Hours ahead of UTC.
    package let timezone: Int

    package init(firstName: String, locale: String, timezone: Int) {
        self.firstName = firstName
        self.locale = locale
        self.timezone = timezone
    }
}

/// What messages may have beside a text.
package struct SandboxTaking: Sendable, Equatable {
    package var templates = true
    package var quickReplies = true

    package init() {}
}

/// What somebody said of an account elsewhere.
package struct SandboxMention: Sendable, Equatable {
    package let text: String
    /// Id and name of the author; the id is told by Facebook only.
    package let author: String
    package let name: String

    package init(text: String, author: String, name: String) {
        self.text = text
        self.author = author
        self.name = name
    }
}

/// How a sandbox behaves.
package struct SandboxSettings: Sendable {
    package var accounts: [SandboxAccount]
    /// Where webhooks go, such as `http://127.0.0.1:8080/webhooks/meta`.
    package var webhookURL: String
    /// Before each answer of the Graph API.
    package var latency: Duration = .zero
    /// How long a call waits that is not answered; then the platform's edge gives it up (504).
    package var silence: Duration = .seconds(30)
    package var faults: [SandboxFault] = []
    package var throttle: ThrottlePlan?
    /// Nil: texts are taken at any time.
    package var windows: WindowPlan?
    package var seed: UInt64 = 1
    /// Whether each accepted message comes back as an echo.
    package var echoes = false
    /// The app of every account's token that `apps` does not name; echoes name it.
    package var app = "5550001"
    /// The apps of tokens, by account.
    package var apps: [String: String] = [:]
    /// How many calls are taken; none is counted without rows.
    package var limits: [SandboxLimit] = []
    /// How old a comment may be that gets a private reply (DOMAIN.md 4.6); those of which nothing is known are young.
    package var privateReplyLasts: Duration = .seconds(7 * 86_400)
    /// Calls about comments that nobody wrote here are refused; drills whose comments come by webhook alone want them taken.
    package var refusesUnknownComments = false
    /// What was said of accounts elsewhere, by comment or post.
    package var mentions: [String: SandboxMention] = [:]
    /// Whether the platform tells a token's app.
    package var tellsApp = true
    /// Reads of an account's subscribed apps are refused with this code.
    package var lookRefusal: Int64?
    /// Access tokens by page or Instagram account; `token-<id>` for those that are not named.
    package var tokens: [String: String] = [:]
    /// What the platform says that our app may do, and which fields it gets by webhook.
    package var permissions: [String] = []
    package var subscribedFields: [String] = []
    /// What another app of the same account gets; empty: there is none.
    package var otherAppsFields: [String] = []
    /// Words that this platform does not know: it refuses a list that holds one.
    package var unknownFields: Set<String> = []
    /// Who a customer is, and nil for one who does not tell; without it no node but the account's own may be read.
    package var profile: (@Sendable (_ contact: String) -> SandboxProfile?)?
    /// The products in the catalogue of each account.
    package var catalogues: [String: Set<String>] = [:]
    package var takes = SandboxTaking()
    /// The clock that webhooks are dated by; a stepped day has one of its own.
    package var now: @Sendable () -> Instant

    package init(accounts: [SandboxAccount], webhookURL: String, now: @escaping @Sendable () -> Instant) {
        self.accounts = accounts
        self.webhookURL = webhookURL
        self.now = now
    }

    func token(of holder: String) -> String { tokens[holder] ?? "token-\(holder)" }
    func app(of account: String) -> String { apps[account] ?? app }
    func account(_ id: String) -> SandboxAccount? { accounts.first { $0.id == id } }
}
