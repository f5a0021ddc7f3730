import ArgumentParser
import Conversations
import Settings

/// A configuration folder, read without Redis.
struct ConfigOptions: ParsableArguments {
    @Option(help: "The configuration folder.") var config = "config"
    @Option(help: "Folder with TZif files.") var zoneinfo = ZoneFolder.system

    var zones: ZoneFolder { ZoneFolder(zoneinfo) }

    /// The policy that the folder describes.
    ///
    /// - Throws: every fault of the folder.
    func policy() throws -> Policy {
        try Policy.read(folder: config, zones: zones)
    }
}
