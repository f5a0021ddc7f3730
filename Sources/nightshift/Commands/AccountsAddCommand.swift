import ArgumentParser
import Conversations
import Foundation
import Settings

extension AccountsCommand {
    /// Writes an account into the configuration; `publish` then brings it into force.
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an account to a configuration folder, if the folder then still holds.",
            discussion:
                "Afterwards: `nightshift publish`, put its token where secrets lie (`token-<account>`, with --page "
                + "`token-<page>`), `accounts check` and `accounts subscribe`.")

        @Option(help: "The configuration folder.") var config: String
        @Option(help: "A channel of the folder.") var channel: String
        @Option(help: "A partition of the folder.") var partition: String
        @Option(help: "Name of the secret that signs its webhooks.") var secret: String
        @Option(help: "The platform's id of our own app.") var app: String?
        @Option(help: "Of an Instagram account by Facebook Login: the id of the page that it is linked to.")
        var page: String?
        @Option(help: "Of an Instagram account by Instagram Login: instagram.") var login: String?
        @Option(help: "The name that customers know.") var brand: String?
        @Argument(help: "The platform's id of the page or Instagram account.") var account: String

        func validate() throws {
            for text in [account, channel, partition, secret, app, page, login, brand].compactMap({ $0 }) {
                guard (1...128).contains(text.utf8.count), !text.contains(where: { "\"\\\n\r".contains($0) }) else {
                    throw ValidationError("expected 1 to 128 bytes without quotes and line ends, got \(text)")
                }
            }
        }

        func run() async throws {
            let file = URL(filePath: config).appending(path: "accounts.yaml")
            let before = try String(contentsOf: file, encoding: .utf8)
            guard try Policy.read(folder: config).accounts[account] == nil else {
                throw Failure(expected: "an account that is not there yet", came: "\"\(account)\"", at: file.path)
            }
            var fields = ["channel: \"\(channel)\"", "partition: \"\(partition)\"", "secret: \"\(secret)\""]
            if let app { fields.append("app: \"\(app)\"") }
            if let page { fields.append("page: \"\(page)\"") }
            if let login { fields.append("login: \"\(login)\"") }
            if let brand { fields.append("brand: \"\(brand)\"") }
            let line = "\"\(account)\": {\(fields.joined(separator: ", "))}\n"
            try Data((before + (before.hasSuffix("\n") ? "" : "\n") + line).utf8).write(to: file, options: .atomic)
            do {
                _ = try Policy.read(folder: config)
            } catch {
                try Data(before.utf8).write(to: file, options: .atomic)
                throw error
            }
            Output.line("\(file.path)  \(account) added; `nightshift publish` brings it into force")
        }
    }
}
