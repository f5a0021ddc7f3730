import ArgumentParser
import Channels
import Conversations
import Delivery
import Foundation
import Settings

extension AccountsCommand {
    /// Brings what the configuration says of accounts to the platform.
    struct Sync: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring the ice breakers of accounts to the platform; exit 0 only if it has all of them then.",
            discussion:
                "Only what differs is written. An account whose market names none is left as it is, unless --remove is given."
        )

        @OptionGroup var source: PolicySource
        @Option(help: "Folder with secrets; `token-<page or account>` holds an access token.") var secrets: String?
        @OptionGroup var graph: GraphOptions
        @Flag(help: "Say what differs and write nothing.") var dryRun = false
        @Flag(help: "Take away what the platform has where the configuration names none.") var remove = false
        @Argument(help: "Accounts; without one all of Meta's channels.") var accounts: [String] = []

        func run() async throws {
            let store = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment)
            let policy = try source.policy()
            let usage = UsageNotes()
            let sync = IceBreakerSync(client: usage.hearing(graph.client(policy, store)))
            var faults = 0
            for account in try AccountsCommand.chosen(accounts, policy) {
                let wish = policy.iceBreakers(of: account.id)
                guard !wish.isEmpty || remove else {
                    Output.line("\(account.id)  none named")
                    continue
                }
                let channel: MetaChannel = account.channel == "instagram" ? .instagram : .facebook
                switch await sync.bring(wish, to: account.id, channel, writing: dryRun ? .never : .always) {
                case .same: Output.line("\(account.id)  unchanged")
                case .pushed(let locales): Output.line("\(account.id)  written  \(locales.joined(separator: " "))")
                case .differs(let locales):
                    faults += 1
                    Output.line("\(account.id)  differs  \(locales.joined(separator: " "))")
                case .refused(let reason):
                    faults += 1
                    Output.line("\(account.id)  refused  \(reason)")
                }
            }
            try source.share(usage)
            guard faults == 0 else { throw Failure("\(faults) accounts have other ice breakers or refused ours") }
        }
    }
}
