import Contracts
import Conversations
import Hummingbird
import Logging
import Sandbox
import ServiceLifecycle
import Telemetry

/// The platform's double: Graph API, ledger, and the page to write as a customer.
final class SandboxRole: Service {
    let ledger: SandboxLedger
    private let settings: SandboxSettings
    private let host: String
    private let port: Int
    private let log: Logger
    private let onListening: @Sendable (Int) async -> Void

    init(
        settings: SandboxSettings, ledgerPath: String, host: String = "127.0.0.1", port: Int, log: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws {
        self.settings = settings
        self.host = host
        self.port = port
        self.log = log.with(.role, "sandbox")
        self.onListening = onListening
        ledger = try SandboxLedger(path: ledgerPath)
    }

    func run() async throws {
        let application = SandboxServer.application(
            settings: settings, ledger: ledger, sender: WebhookSender(url: settings.webhookURL), host: host,
            port: port, logger: log,
            onListening: onListening)
        try await application.run()
    }
}

extension SandboxAccount {
    /// The accounts of a policy, labelled with market, language and zone, sorted by id.
    static func accounts(of policy: Policy, secrets: Secrets) -> [SandboxAccount] {
        policy.accounts.values.sorted { $0.id < $1.id }.compactMap { account in
            guard let partition = policy.partitions[account.partition], let market = policy.markets[partition.market]
            else { return nil }
            return SandboxAccount(
                id: account.id, label: "\(market.name) · \(market.language) · \(partition.zone)",
                isInstagram: account.channel == "instagram", login: account.login,
                secret: Array((secrets.values(of: account.secret).first ?? "").utf8))
        }
    }
}
