package import Instants

// The signature of the generic channel and of notices, both ways.
//
// Problem: a body that is signed without an instant can be sent again by whoever saw it once. Choice: the instant of
// sending is signed together with the body, and the receiver takes it within five minutes only; within them the ids of
// events and actions tell a repetition. Rejected: a memory of used signatures, which every process would have to share.
// How it fails: clocks that differ by more than five minutes refuse everything, and say so.

/// `Nightshift-Signature: v1=<hex>`, HMAC-SHA256 over `v1:<Nightshift-Timestamp>:<body>`.
package enum RequestSignature {
    package static let header = "nightshift-signature"
    /// Seconds since 1970, in digits.
    package static let timestampHeader = "nightshift-timestamp"
    /// How far the sender's clock may be from the receiver's, either way.
    package static let window: Duration = .seconds(300)
    private static let scheme = "v1"

    package enum Verdict: Sendable, Equatable {
        /// By the secrets of these names; never empty.
        case signed(by: [String])
        case missing
        /// The instant is no number, or further away than the window.
        case stale
        case wrong
    }

    /// Whether one of the secrets signed the body lately. The header may hold several signatures, separated by commas, so
    /// that a sender can exchange its secret. Takes the same time whatever matches. O(secrets × signatures × bytes).
    package static func verify(
        _ body: [UInt8], signature: String?, timestamp: String?, now: Instant,
        among secrets: [(name: String, secret: [UInt8])]
    ) -> Verdict {
        guard let signature, let timestamp, !timestamp.isEmpty else { return .missing }
        guard timestamp.utf8.count <= 12, timestamp.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let seconds = Int64(timestamp)
        else { return .stale }
        let away = Instant(seconds: seconds) - now
        guard away <= window, Duration.zero - away <= window else { return .stale }
        let text = signedBytes(body, timestamp)
        var signers: [String] = []
        for given in signature.split(separator: ",").prefix(4) {
            let trimmed = given.filter { $0 != " " }
            guard trimmed.hasPrefix("\(scheme)=") else { continue }
            let claimed = "sha256=" + trimmed.dropFirst(scheme.count + 1)
            let names = WebhookSignature.signers(of: text, header: claimed, among: secrets)
            signers += names.filter { !signers.contains($0) }
        }
        return signers.isEmpty ? .wrong : .signed(by: signers)
    }

    /// The two headers for a body that is sent now, one signature a secret.
    package static func headers(
        for body: [UInt8], at now: Instant, secrets: [[UInt8]]
    ) -> [(name: String, value: String)] {
        let timestamp = String(now.seconds)
        let signatures = secrets.filter { !$0.isEmpty }.map { secret in
            "\(scheme)=" + WebhookSignature.header(for: signedBytes(body, timestamp), secret: secret).dropFirst(7)
        }
        return [(timestampHeader, timestamp), (header, signatures.joined(separator: ","))]
    }

    private static func signedBytes(_ body: [UInt8], _ timestamp: String) -> [UInt8] {
        Array("\(scheme):\(timestamp):".utf8) + body
    }
}
