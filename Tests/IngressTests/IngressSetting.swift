import Channels
import Contracts
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ingress
import Instants
import Lanes
import Logging
import Sandbox
import Synchronization
import Telemetry

/// A holder that keeps what it is given and answers as it is told.
final class RecordingHolder: EventHolder {
    private let state: Mutex<(events: [LaneEvent], refusal: AppendRefusal?)>

    init(refusal: AppendRefusal? = nil) {
        state = Mutex(([], refusal))
    }

    var events: [LaneEvent] { state.withLock { $0.events } }

    func hold(_ events: [LaneEvent]) async -> [AppendResult] {
        state.withLock { state in
            events.map { event in
                if let refusal = state.refusal { return .refused(refusal) }
                state.events.append(event)
                let entry = EntryID(milliseconds: 1_000, sequence: 0)
                return .held(Position(entry: entry, index: state.events.count - 1))
            }
        }
    }
}

/// One ingress with two accounts of two apps.
struct IngressSetting {
    static let page = "104857600000001"
    static let instagram = "17841400000000001"
    static let secret = Array("app-secret-for-tests-only".utf8)
    static let otherSecret = Array("another-app".utf8)
    static let token = "producer-token"
    static let now = Instant(seconds: 1_795_370_402)

    let holder: RecordingHolder
    let quarantined = Recorder<Quarantined>()
    let metrics = MetricRegistry()
    var limits = IngressLimits()
    var quarantineWorks = true
    var unready: String?
    var hasSecrets = true

    init(refusal: AppendRefusal? = nil) {
        holder = RecordingHolder(refusal: refusal)
    }

    final class Recorder<Element: Sendable>: Sendable {
        private let elements = Mutex<[Element]>([])
        var all: [Element] { elements.withLock { $0 } }
        func add(_ more: [Element]) { elements.withLock { $0 += more } }
    }

    func doors(_ other: (any EventHolder)? = nil) -> IngressDoors {
        let (recorder, works, unready, hasSecrets) = (quarantined, quarantineWorks, unready, hasSecrets)
        return IngressDoors(
            secrets: { hasSecrets ? [("first", Self.secret), ("second", Self.otherSecret)] : [] },
            secretName: { [Self.page: "first", Self.instagram: "second"][$0] },
            verifyTokens: { ["verify"] }, producerTokens: { [Self.token] },
            place: { event in
                guard let partition = try? PartitionName("fi-helsinki"), event.account != "nobody" else { return nil }
                return EventPlace(
                    lane: partition.lane(account: event.account, contact: event.contact, of: 2),
                    key: "\(event.account)\u{1F}\(event.contact)")
            },
            now: { Self.now }, holder: other ?? holder,
            quarantine: { updates in
                recorder.add(updates)
                return works
            },
            unreadyReason: { unready }, metrics: metrics)
    }

    func application(_ other: (any EventHolder)? = nil) -> some ApplicationProtocol {
        var logger = Logger(label: "ingress")
        logger.logLevel = .critical
        return IngressServer.application(doors: doors(other), limits: limits, port: 0, logger: logger)
    }

    func application(doors: IngressDoors) -> some ApplicationProtocol {
        var logger = Logger(label: "ingress")
        logger.logLevel = .critical
        return IngressServer.application(doors: doors, limits: limits, port: 0, logger: logger)
    }

    static func message(_ id: String, account: String = page, contact: String = "1") -> [UInt8] {
        WebhookBodies.body(
            account: account, isInstagram: account == instagram, at: now,
            [WebhookBodies.message(account: account, contact: contact, id: id, text: "Hyvää iltaa 🌙", at: now)])
    }
}

extension TestClientProtocol {
    func post(_ uri: String, _ bytes: [UInt8], _ headers: [(String, String)] = []) async throws -> TestResponse {
        var fields: HTTPFields = [.contentType: "application/json"]
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return try await execute(uri: uri, method: .post, headers: fields, body: ByteBuffer(bytes: bytes))
    }

    func webhook(_ bytes: [UInt8], secret: [UInt8] = IngressSetting.secret) async throws -> TestResponse {
        try await post(
            "/webhooks/meta", bytes,
            [(WebhookSignature.headerName, WebhookSignature.header(for: bytes, secret: secret))])
    }

    func produce(_ text: String, token: String = IngressSetting.token) async throws -> TestResponse {
        try await post("/v1/events", Array(text.utf8), [("authorization", "Bearer \(token)")])
    }
}

extension TestResponse {
    var text: String { String(buffer: body) }
}
