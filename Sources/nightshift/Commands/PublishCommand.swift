import ArgumentParser
import Conversations
import Lanes
import Settings

/// Puts a configuration in force.
struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish", abstract: "Store a configuration folder as the policy in force.",
        discussion:
            "A faulty one, or one that disagrees with the topology, is refused; the last good policy stays in force.")

    @OptionGroup var redis: RedisOptions
    @Argument(help: "The configuration folder.") var folder: String
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        let session = try Session(redis)
        let policy = try session.publish(try ConfigFiles(folder: folder), zones: ZoneFolder(zoneinfo)) {
            TopologyWish($0)
        }
        if json {
            try Output.json(["policy": "\(policy.number)", "hash": policy.hashText])
        } else {
            Output.line("policy \(policy.number) in force, \(policy.hashText)")
        }
    }
}
