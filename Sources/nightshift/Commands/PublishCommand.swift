import ArgumentParser
import Channels
import Conversations
import Instants
import Lanes
import Settings

/// Puts a configuration in force, or says what it would change.
struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Store a configuration folder as the policy in force.",
        discussion: """
            A faulty one, or one that disagrees with the topology, is refused; the last good policy stays in force.

            --against last decides the last 24 hours of the lanes' logs again, --against 3d the last three days: each \
            decision from the states that it had, under the policy that decided it and under this one. It prints how \
            many would change in each market, then the first of them: rule before and after, span, text. Then the \
            folder is published, unless --dry-run is given. Texts of customers are shown.
            """)

    @OptionGroup var redis: RedisOptions
    @Argument(help: "The configuration folder.") var folder: String
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system
    @Option(help: "Say which decisions would change: last for those of the last day, or a time such as 36h or 7d.")
    var against: ComparedSpan?
    @Option(help: "With --against: only this lane; may be repeated.") var lane: [String] = []
    @Option(help: "With --against: so many changed decisions are shown.") var show = 20
    @Flag(help: "Check, compile and compare; store nothing.") var dryRun = false
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        let session = try Session(redis)
        // Before the bundle is made: what others put in force during a long comparison must not be undone.
        let number = try session.policyNumber()
        let bundle = try session.bundle(try ConfigFiles(folder: folder), zones: ZoneFolder(zoneinfo))
        let draft = try Policy.build(bundle, number: 0, threads: 2)
        var comparison: PolicyComparison?
        if let against {
            let compared = try PolicyComparison(
                of: draft, in: session, lanes: lane, since: session.now() - against.span, mostShown: show)
            if !json { Output.line(compared.text) }
            comparison = compared
        }
        var facts: [String: JSONValue] = [:]
        facts["against"] = comparison?.json
        if dryRun {
            facts["hash"] = .string(draft.hashText)
            if !json { Output.line("nothing published; the folder's policy would be \(draft.hashText)") }
        } else {
            let policy = try session.publish(bundle, draft, TopologyWish(draft), replacing: number)
            facts["policy"] = .string("\(policy.number)")
            facts["hash"] = .string(policy.hashText)
            if !json { Output.line("policy \(policy.number) in force, \(policy.hashText)") }
        }
        if json { Output.line(JSONValue.object(facts).text()) }
    }
}

/// The value of `--against`.
struct ComparedSpan: ExpressibleByArgument {
    let span: Duration

    init?(argument: String) {
        guard let span = argument.lowercased() == "last" ? .seconds(86_400) : WrittenDuration.parse(argument) else {
            return nil
        }
        self.span = span
    }
}
