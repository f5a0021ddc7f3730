import ArgumentParser
import Channels
import Contracts
import Delivery
import Foundation
import Instants

/// What a third party needs to connect its platform by the generic channel (CHANNELS.md).
struct ChannelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channel", abstract: "Connect any platform: test its bridge, sign a request by hand.",
        subcommands: [Conform.self, Read.self, Sign.self])

    struct Conform: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a bridge what Nightshift would, and say where it does not do as CHANNELS.md asks.",
            discussion:
                "The contact gets three texts; the comment a reply, a private reply, and is hidden and shown again, where the bridge can do that and there is such a comment. `channel read` checks the other way. Exit 0 only if every check passed."
        )

        @Option(help: "The bridge's address.") var url: String
        @Option(help: "Name of the secret that both sides share.") var secret: String
        @Option(help: "Folder with secrets; else NIGHTSHIFT_SECRET_<NAME>.") var secrets: String?
        @Option(help: "An account of the bridge that may be written from.") var account = "conformance"
        @Option(help: "A contact that may be written to.") var contact = "conformance"
        @Option(help: "A comment that may be answered and hidden; by default one that there is not.")
        var comment = "conformance"
        @Flag(help: "Print JSON lines.") var json = false

        func run() async throws {
            let values = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment).values(of: secret)
            guard !values.isEmpty else {
                throw Failure(expected: "a secret named \(secret)", came: "none", at: "--secret")
            }
            let clock = NamespaceClock()
            let conformance = GenericConformance(
                post: SignedPost(now: { clock.now }),
                address: GenericAddress(url: url, secrets: values.map { Array($0.utf8) }), account: account,
                contact: contact, comment: comment, lane: try LaneName("conformance.0"), now: { clock.now })
            let checks = await conformance.checks(run: UInt64.random(in: 1...UInt64.max))
            for check in checks {
                if json {
                    var line: [String: JSONValue] = ["check": .string(check.name), "passed": .bool(check.fault == nil)]
                    if let fault = check.fault { line["fault"] = .string(fault) }
                    Output.line(JSONValue.object(line).text())
                } else {
                    Output.line(
                        (check.fault == nil ? "passed  " : "FAILED  ") + check.name
                            + (check.fault.map { ": \($0)" } ?? ""))
                }
            }
            let failed = checks.count { $0.fault != nil }
            guard failed == 0 else { throw Failure("\(failed) of \(checks.count) checks failed") }
        }
    }

    struct Read: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read a body on standard input as ingress would, and name each event that it would refuse.",
            discussion:
                "What a bridge posts to /webhooks/generic. With --secret the two headers are held against the body too. Exit 0 only if everything would be taken; whether an account is known says only ingress."
        )

        @Option(help: "Name of the secret that both sides share.") var secret: String?
        @Option(help: "Folder with secrets; else NIGHTSHIFT_SECRET_<NAME>.") var secrets: String?
        @Option(help: "The header Nightshift-Signature.") var signature: String?
        @Option(help: "The header Nightshift-Timestamp.") var timestamp: String?

        func run() async throws {
            let body = Array(try FileHandle.standardInput.readToEnd() ?? Data())
            let now = NamespaceClock().now
            if let secret {
                let store = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment)
                let verdict = RequestSignature.verify(
                    body, signature: signature, timestamp: timestamp, now: now,
                    among: store.values(of: secret).map { (name: secret, secret: Array($0.utf8)) })
                guard verdict == .signed(by: [secret]) else {
                    throw Failure(
                        expected: "a signature by \(secret), made within five minutes", came: "\(verdict)",
                        at: "--signature")
                }
            }
            let (updates, faults) = try GenericInbound.read(body, received: now)
            for update in updates.events {
                Output.line(
                    "taken    \(update.path)  \(EventJSON.word(of: update.event.kind) ?? "none")  \(update.event.id)")
            }
            for fault in faults { Output.line("REFUSED  events[\(fault.index)]: \(fault.error.description)") }
            guard faults.isEmpty else { throw Failure("\(faults.count) events would be refused") }
        }
    }

    struct Sign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the two headers for a body on standard input, for trials with curl.")

        @Option(help: "Name of the secret.") var secret: String
        @Option(help: "Folder with secrets; else NIGHTSHIFT_SECRET_<NAME>.") var secrets: String?

        func run() async throws {
            let values = Secrets(folder: secrets, environment: ProcessInfo.processInfo.environment).values(of: secret)
            guard !values.isEmpty else {
                throw Failure(expected: "a secret named \(secret)", came: "none", at: "--secret")
            }
            let body = Array(try FileHandle.standardInput.readToEnd() ?? Data())
            let headers = RequestSignature.headers(
                for: body, at: NamespaceClock().now, secrets: values.map { Array($0.utf8) })
            for (name, value) in headers { Output.line("\(name): \(value)") }
        }
    }
}
