package import Instants

/// A link by which whoever was called says that they see to it. It carries all that ingress needs and is signed, so that
/// nothing has to be kept; whoever has the link may use it, until it ends.
package struct AcknowledgeLink: Sendable, Equatable {
    package static let path = "/v1/acknowledge"
    /// How long a link is good for: as long as a notice is worth sending.
    package static let lifetime: Duration = .seconds(86_400)

    /// Entity id of the customer's conversation.
    package let conversation: String
    /// Who was called: the name that acknowledges.
    package let target: String
    /// Id of the notice.
    package let notice: String
    package let until: Instant

    package init(conversation: String, target: String, notice: String, until: Instant) {
        self.conversation = conversation
        self.target = target
        self.notice = notice
        self.until = until
    }

    /// Path and query, signed; relative to the address of ingress.
    package func signed(secret: [UInt8]) -> String {
        let parts = [("c", conversation), ("t", target), ("n", notice), ("u", String(until.seconds))]
        let query = parts.map { "\($0.0)=\(MetaRequest.encoded($0.1))" }.joined(separator: "&")
        let signature = WebhookSignature.header(for: signedBytes, secret: secret).dropFirst(7)
        return "\(Self.path)?\(query)&s=\(signature)"
    }

    /// Reads a link from its query; nil unless one of the secrets signed it and it has not ended.
    package init?(
        _ value: (String) -> String?, secrets: [(name: String, secret: [UInt8])], now: Instant
    ) {
        guard let conversation = value("c"), let target = value("t"), let notice = value("n"),
            let until = value("u").flatMap({ Int64($0) }), let signature = value("s"),
            (0...100_000_000_000).contains(until), conversation.utf8.count <= 1_024, target.utf8.count <= 256,
            notice.utf8.count <= 64
        else { return nil }
        self.init(
            conversation: conversation, target: target, notice: notice, until: Instant(seconds: until))
        guard !WebhookSignature.signers(of: signedBytes, header: "sha256=" + signature, among: secrets).isEmpty,
            now < self.until
        else { return nil }
    }

    private var signedBytes: [UInt8] {
        Array(["ack1", conversation, target, notice, String(until.seconds)].joined(separator: "\u{1F}").utf8)
    }
}
