import ArgumentParser
import Contracts
import Conversations
import Delivery

/// Where the Graph API is, for whatever calls it.
struct GraphOptions: ParsableArguments {
    @Option(help: "Host and version of the Graph API.") var graph = "https://graph.facebook.com/v26.0"
    @Option(help: "The same for Instagram accounts with `login: instagram`.")
    var graphInstagram = "https://graph.instagram.com/v26.0"

    /// A client for the accounts of a policy, with the tokens of a folder of secrets.
    func client(_ policy: Policy, _ store: Secrets) -> MetaClient {
        MetaClient(
            base: graph, instagram: graphInstagram, login: { policy.accounts[$0]?.login ?? .page },
            tokens: { store.values(of: "token-\($0)") })
    }
}
