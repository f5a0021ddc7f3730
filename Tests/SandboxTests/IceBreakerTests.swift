import Channels
import Contracts
import Delivery
import Instants
import Sandbox
import Synchronization
import Testing

@Suite("Ice breakers and the platform's double")
struct IceBreakerTests {
    private static let wish = IceBreakers([
        "default": [
            .init(text: "Was kostet das?", payload: "FAQ_PRICE"),
            .init(text: "Wo seid ihr?", payload: "ns1:faq.location"),
        ],
        "vi_VN": [.init(text: "Giá bao nhiêu?", payload: "FAQ_PRICE")],
    ])

    private static func client(
        _ url: String, _ channel: MetaChannel = .facebook, token: String = "token-\(SandboxTests.page.id)"
    ) -> MetaClient {
        MetaClient(
            base: url + "/v26.0", instagram: url + "/instagram-v26.0",
            login: { _ in channel == .instagram ? .instagram : .page }, token: { _ in token })
    }

    /// A sandbox whose only account is of this channel.
    private static func settings(_ channel: MetaChannel) -> SandboxSettings {
        let account = SandboxAccount(
            id: SandboxTests.page.id, label: "", isInstagram: channel == .instagram, secret: SandboxTests.page.secret)
        return SandboxSettings(accounts: [account], webhookURL: "http://127.0.0.1:9/") { SandboxTests.now }
    }

    @Test(
        "they are written once, read back as they are, and written again only when they differ",
        arguments: MetaChannel.allCases)
    func sync(channel: MetaChannel) async throws {
        try await SandboxTests.run(Self.settings(channel)) { url, _, _ in
            let sync = IceBreakerSync(client: Self.client(url, channel))
            let account = SandboxTests.page.id
            #expect(
                await sync.bring(Self.wish, to: account, channel, writing: .never) == .differs(["default", "vi_VN"]))
            #expect(await sync.bring(Self.wish, to: account, channel) == .pushed(["default", "vi_VN"]))
            #expect(await sync.bring(Self.wish, to: account, channel) == .same)
            var fewer = Self.wish.locales
            fewer["vi_VN"] = nil
            #expect(await sync.bring(IceBreakers(fewer), to: account, channel) == .pushed(["vi_VN"]))
            #expect(await sync.bring(IceBreakers([:]), to: account, channel) == .pushed(["default"]))
            #expect(await sync.bring(IceBreakers([:]), to: account, channel) == .same)
        }
    }

    @Test("what the platform does not take is told, and changes nothing")
    func refused() async throws {
        try await SandboxTests.run(Self.settings(.facebook)) { url, _, _ in
            let account = SandboxTests.page.id
            let bad = IceBreakers(["vi_VN": [.init(text: "?", payload: "P")]])
            guard
                case .refused(let reason) = await IceBreakerSync(client: Self.client(url)).bring(
                    bad, to: account, .facebook)
            else {
                Issue.record("expected refused")
                return
            }
            #expect(reason.contains("100"))
            guard
                case .refused = await IceBreakerSync(client: Self.client(url, token: "wrong"))
                    .bring(Self.wish, to: account, .facebook)
            else {
                Issue.record("expected refused")
                return
            }
        }
    }

    @Test("an inspection shows that they are others than configured, and says nothing where none are")
    func drift() async throws {
        let found = Mutex<[[AccountInspection.Finding]]>([])
        var settings = Self.settings(.facebook)
        settings.permissions = AccountInspection.neededPermissions(.facebook)
        settings.subscribedFields = AccountInspection.neededFields(.facebook)
        try await SandboxTests.run(settings) { url, _, _ in
            let account = SandboxTests.page.id
            let inspection = AccountInspection(client: Self.client(url))
            func look(_ wish: IceBreakers) async {
                let findings = await inspection.findings(account: account, channel: .facebook, iceBreakers: wish)
                found.withLock { $0.append(findings.filter { $0.name == "ice_breakers" }) }
            }
            await look(Self.wish)
            _ = await IceBreakerSync(client: Self.client(url)).bring(Self.wish, to: account, .facebook)
            await look(Self.wish)
            await look(IceBreakers([:]))
        }
        let standings = found.withLock { $0 }.map { $0.map(\.standing) }
        #expect(standings == [[.fault], [.ok], []])
        #expect(found.withLock { $0 }.first?.first?.detail.contains("default vi_VN") == true)
    }

    @Test("the look at webhook fields brings them where there are none, and leaves alone what a shop set by hand")
    func fetched() async throws {
        let settings = Self.settings(.facebook)
        try await SandboxTests.run(settings) { url, _, _ in
            let doors = FetchDoors(posts: { _ in [] }, hold: { _ in true }, iceBreakers: { _ in Self.wish })
            let answered = try await GraphFetchTests.carryOut(GraphFetchTests.action(.subscriptions), at: url, doors)
            #expect(answered.answer == .delivered(providerID: ""))
            let sync = IceBreakerSync(client: Self.client(url))
            let account = SandboxTests.page.id
            #expect(await sync.bring(Self.wish, to: account, .facebook, writing: .never) == .same)
            let byHand = IceBreakers(["default": [.init(text: "Can I visit you?", payload: "VISIT")]])
            #expect(await sync.bring(byHand, to: account, .facebook) == .pushed(["default", "vi_VN"]))
            _ = try await GraphFetchTests.carryOut(GraphFetchTests.action(.subscriptions), at: url, doors)
            #expect(await sync.bring(byHand, to: account, .facebook, writing: .never) == .same)
        }
    }

    @Test("a set of the platform's older form counts as the default locale's")
    func olderForm() throws {
        let document = try JSONValue(
            parsing: Array(
                #"{"data":[{"ice_breakers":[{"question":"Where?","payload":"P"},{"question":"When?"}]}]}"#.utf8))
        #expect(
            IceBreakers(in: document).locales == [
                "default": [.init(text: "Where?", payload: "P"), .init(text: "When?", payload: "")]
            ])
        #expect(IceBreakers(in: .null).isEmpty && IceBreakers(in: ["data": [["ice_breakers": "x"]]]).isEmpty)
    }
}
