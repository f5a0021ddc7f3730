import Channels
import Contracts
import Conversations
import Delivery
import Logging
import Synchronization
import Telemetry

extension WorkerRole {
    /// Carries the actions of the platforms known by name.
    func platform(_ fetches: FetchDoors) -> GraphCarrier {
        GraphCarrier(
            client: MetaClient(
                base: settings.graph, instagram: settings.graphInstagram,
                login: { account in self.policy.withLock { $0?.accounts[account]?.login } ?? .page },
                tokens: settings.tokens,
                onRefusal: { [log] refused in
                    log.warning(
                        "The platform refuses an access token; the others are used, if there are any",
                        metadata: .of(
                            (.account, refused.holder),
                            (.reason, "number \(refused.place) of \(refused.count), the newest first")))
                }),
            fetches: fetches,
            channel: { account in
                // The sandbox speaks Facebook's shapes.
                self.policy.withLock { policy in
                    policy?.accounts[account].map { account in
                        MetaOutbound(
                            channel: account.channel == "instagram" ? .instagram : .facebook,
                            messageLimit: policy?.channels[account.channel]?.textLimit)
                    }
                }
            })
    }
}
