internal import Channels
internal import HTTPTypes
package import Hummingbird
internal import Instants
package import Logging

/// The platform's double: a real HTTP server that speaks the Graph API's shapes, keeps a ledger of what it accepted,
/// and has a page on which one writes as a customer.
package enum SandboxServer {
    /// Builds the server; whoever runs it decides about its life.
    ///
    /// - Parameters:
    ///   - port: 0 picks a free one, which `onListening` is told.
    ///   - posts: what stands on the platform; whoever writes as a customer adds to it.
    package static func application(
        settings: SandboxSettings, ledger: SandboxLedger, sender: WebhookSender, host: String = "127.0.0.1",
        port: Int, logger: Logger, posts: SandboxPosts = SandboxPosts(), messages: SandboxMessages = SandboxMessages(),
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let threads = SandboxThreads()
        let throttle = SandboxThrottle(settings.throttle)
        let outage = SandboxOutage()
        let windows = SandboxWindows(settings.windows)
        let limits = SandboxLimits(settings.limits)
        let echoes = EchoPump(sender: sender, settings: settings)
        let graph = GraphController(
            settings: settings, ledger: ledger, threads: threads,
            faults: FaultDraw(settings.faults, seed: settings.seed, outage: outage),
            echoes: echoes, throttle: throttle, windows: windows, messages: messages, posts: posts, limits: limits)
        let page = PageController(
            settings: settings, ledger: ledger, threads: threads, posts: posts, messages: messages, windows: windows,
            sender: sender, outage: outage)
        let router = Router()
        router.add(middleware: SandboxGate(settings: settings, limits: limits, ledger: ledger))
        page.add(to: router)
        PostsController(posts: posts, messages: messages, windows: windows).add(to: router)
        MessengerProfiles(settings: settings).add(to: router)
        graph.add(to: router)
        GraphReads(
            settings: settings, posts: posts, messages: messages,
            subscriptions: SandboxSubscriptions(settings.subscribedFields),
            faults: FaultDraw(settings.faults, seed: settings.seed ^ 1, outage: outage), throttle: throttle,
            ledger: ledger,
            threads: threads
        ).add(to: router)
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname(host, port: port), serverName: "sandbox"),
            services: [echoes],
            onServerRunning: { await onListening($0.localAddress?.port ?? 0) },
            logger: logger)
    }
}
