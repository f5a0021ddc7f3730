internal import COpenSSL

/// Meta's signature of a webhook: `X-Hub-Signature-256: sha256=<hex>`, HMAC-SHA256 over the raw body (DOMAIN.md 4.2).
package enum WebhookSignature {
    /// The header that carries it.
    package static let headerName = "x-hub-signature-256"
    private static let prefix = "sha256="

    /// The names of the secrets that signed the body, in their order and each once; empty if none did. Two names may hold
    /// one secret, as two accounts of one app do.
    ///
    /// Every secret is tried and every comparison takes the same time, whatever matches. An empty secret never verifies,
    /// nor does a header that is missing, malformed or of the older SHA-1 scheme. Hex digits may be of either case.
    /// O(secrets × bytes).
    package static func signers(
        of body: [UInt8], header: String?, among secrets: [(name: String, secret: [UInt8])]
    ) -> [String] {
        guard let header, let claimed = digest(header) else { return [] }
        var signers: [String] = []
        for (name, secret) in secrets where !secret.isEmpty {
            let expected = hmac(body, secret: secret)
            if CRYPTO_memcmp(expected, claimed, claimed.count) == 0, !signers.contains(name) { signers.append(name) }
        }
        return signers
    }

    /// The header's value for a body, as the sandbox sends it.
    package static func header(for body: [UInt8], secret: [UInt8]) -> String {
        prefix + hmac(body, secret: secret).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Whether two texts are equal; takes the same time wherever they differ. Only their lengths show.
    package static func constantTimeEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        return left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    /// Whether a text is one of ours; each is compared, whichever matches. An empty one of ours never does.
    package static func isOne(_ text: String, of ours: [String]) -> Bool {
        ours.reduce(false) { found, one in (constantTimeEqual(text, one) && !one.isEmpty) || found }
    }

    private static func hmac(_ body: [UInt8], secret: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        var length = UInt32(digest.count)
        let made = HMAC(EVP_sha256(), secret, Int32(clamping: secret.count), body, body.count, &digest, &length)
        precondition(made != nil && length == UInt32(digest.count), "HMAC-SHA256 is part of every OpenSSL")
        return digest
    }

    private static func digest(_ header: String) -> [UInt8]? {
        guard header.hasPrefix(prefix), header.utf8.count == prefix.utf8.count + 64 else { return nil }
        var nibbles: [UInt8] = []
        for byte in header.utf8.dropFirst(prefix.utf8.count) {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): nibbles.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): nibbles.append(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): nibbles.append(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return stride(from: 0, to: nibbles.count, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
    }
}

/// Meta's check that a webhook address is ours (DOMAIN.md 4.1).
package enum WebhookHandshake {
    /// The text to answer with, raw and with status 200; nil means 403. An empty token of ours never matches.
    package static func challenge(mode: String?, token: String?, challenge: String?, ours: [String]) -> String? {
        guard mode == "subscribe", let token, let challenge, challenge.utf8.count <= 256,
            WebhookSignature.isOne(token, of: ours)
        else { return nil }
        return challenge
    }
}
