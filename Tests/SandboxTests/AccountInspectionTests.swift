import Channels
import Contracts
import Delivery
import Instants
import Lanes
import Sandbox
import Synchronization
import Testing

@Suite("What the platform says of an account")
struct AccountInspectionTests {
    private static let token = "EAA-s3cret-token"

    private static func findings(
        _ settings: SandboxSettings, token: String? = token, account: String = SandboxTests.page.id,
        channel: MetaChannel = .facebook, app: String? = nil, login: MetaLogin = .page
    ) async throws -> [AccountInspection.Finding] {
        let found = Mutex<[AccountInspection.Finding]>([])
        try await SandboxTests.run(settings) { url, _, _ in
            let client = MetaClient(
                base: url + "/v26.0", instagram: url + "/instagram-v26.0", login: { _ in login }, token: { _ in token })
            let findings = await AccountInspection(client: client).findings(
                account: account, channel: channel, app: app)
            found.withLock { $0 = findings }
        }
        return found.withLock { $0 }
    }

    private static func settings(_ channel: MetaChannel = .facebook) -> SandboxSettings {
        var settings = SandboxTests.settings()
        settings.tokens = [SandboxTests.page.id: token]
        settings.permissions = AccountInspection.neededPermissions(channel)
        settings.subscribedFields = AccountInspection.neededFields(channel)
        return settings
    }

    @Test("an account that is set up has nothing at fault", arguments: MetaChannel.allCases)
    func wellSetUp(channel: MetaChannel) async throws {
        let findings = try await Self.findings(Self.settings(channel), channel: channel)
        #expect(findings.map(\.name) == ["token", "permissions", "subscribed_fields", "routing"])
        #expect(findings.allSatisfy { $0.standing == .ok })
    }

    @Test("each thing that is missing is named, and no finding holds the token")
    func missing() async throws {
        var settings = Self.settings()
        settings.subscribedFields.removeAll { $0 == "standby" || $0 == "feed" }
        settings.permissions.removeAll { $0 == "pages_messaging" }
        let findings = try await Self.findings(settings)
        let faults = findings.filter { $0.standing == .fault }
        #expect(faults.map(\.detail) == ["missing: pages_messaging", "missing: feed standby"])
        #expect(!"\(findings)".contains(Self.token))
    }

    @Test("another app's webhooks are not ours; without our app's id from anybody nothing is known")
    func otherApp() async throws {
        var settings = Self.settings()
        settings.otherAppsFields = settings.subscribedFields
        settings.subscribedFields = ["feed"]
        func finding(_ app: String?) async throws -> AccountInspection.Finding? {
            try await Self.findings(settings, app: app).first { $0.name == "subscribed_fields" }
        }
        let ours = try await finding(settings.app)
        #expect(ours?.standing == .fault && ours?.detail.contains("messages") == true)
        #expect(try await finding(nil)?.standing == .fault, "the platform says which app the token is of")
        settings.tellsApp = false
        #expect(try await finding(nil)?.standing == .unknown)
        settings.otherAppsFields = []
        #expect(try await finding(nil)?.standing == .unknown, "one app may be another's, left when ours was taken off")
        settings.subscribedFields = []
        #expect(try await finding(nil)?.standing == .fault)
        #expect(try await finding(settings.app)?.standing == .fault)
    }

    @Test("what tells of a platform's measures, of threads and of edits is asked for on either channel")
    func needed() {
        for channel in MetaChannel.allCases {
            let fields = AccountInspection.neededFields(channel)
            #expect(fields.contains("messaging_policy_enforcement") && fields.contains("standby"))
            #expect(fields.contains { $0.hasPrefix("messaging_handover") })
            #expect(fields.contains { $0.hasPrefix("message_edit") })
            #expect(Set(fields).count == fields.count)
        }
    }

    @Test("the platform's own replies are at fault for a week after one was seen, and unknown otherwise")
    func autoReplies() {
        let now = SandboxTests.now
        func finding(_ last: Instant?) -> AccountInspection.Finding {
            AccountInspection.autoReplies(last: .known(last), now: now)
        }
        let away = AccountInspection.autoReplies(last: .away, now: now)
        #expect(away.standing == .unknown && away.detail.contains("cannot be read"))
        let unasked = AccountInspection.autoReplies(last: .known(nil), now: nil)
        #expect(unasked.standing == .unknown && !unasked.detail.contains("seen none"))
        #expect(finding(nil).standing == .unknown && finding(nil).detail.contains("Automations"))
        #expect(finding(now - .seconds(60)).standing == .fault)
        #expect(finding(now - .seconds(60)).detail.contains((now - .seconds(60)).description))
        #expect(finding(now - .seconds(8 * 86_400)).standing == .unknown)
    }

    @Test("a token that is not valid, or another account's, ends the questions")
    func token() async throws {
        for (token, account, code) in [
            ("wrong", SandboxTests.page.id, "190"), (Self.token, "104857600000999", "100"),
        ] {
            let findings = try await Self.findings(Self.settings(), token: token, account: account)
            #expect(findings.map(\.standing) == [.fault])
            #expect(findings.first?.detail.contains(code) == true)
        }
    }

    @Test("without an answer nobody can tell")
    func silence() async {
        let client = MetaClient(base: "http://127.0.0.1:9/v26.0", token: { _ in Self.token })
        let findings = await AccountInspection(client: client).findings(account: "1", channel: .facebook)
        #expect(findings.map(\.standing) == [.unknown])
    }
}
