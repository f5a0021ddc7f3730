internal import Foundation

/// Meta's signed request, as its data-deletion callback brings it: `<signature>.<payload>`, both base64url. The signature is
/// HMAC-SHA256 by the app's secret over the payload as it is written, not over what it means.
package struct SignedRequest: Sendable, Equatable {
    /// Longer ones are none of Meta's.
    package static let mostBytes = 8_192

    /// Names of the secrets that signed it, in their order; never empty.
    package let signers: [String]
    /// The person's id for the app: not the id that their messages and comments carry, where the platform gives ids that
    /// are scoped to pages.
    package let userID: String
    /// Seconds since 1970; 0 if it is not told.
    package let issuedAt: Int64

    /// Reads the body of a form, `signed_request=…`; nil unless one of the secrets signed it and it names a person.
    package init?(form body: [UInt8], secrets: [(name: String, secret: [UInt8])]) {
        guard body.count <= Self.mostBytes else { return nil }
        let fields = String(decoding: body, as: UTF8.self).split(separator: "&").compactMap { field -> String? in
            guard field.hasPrefix("signed_request=") else { return nil }
            return String(field.dropFirst("signed_request=".count)).removingPercentEncoding
        }
        guard fields.count == 1 else { return nil }
        self.init(fields[0], secrets: secrets)
    }

    /// Reads the request itself.
    package init?(_ text: String, secrets: [(name: String, secret: [UInt8])]) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let signature = Self.bytes(parts[0]), signature.count == 32,
            let payload = Self.bytes(parts[1])
        else { return nil }
        let header = "sha256=" + signature.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let signers = WebhookSignature.signers(of: Array(parts[1].utf8), header: header, among: secrets)
        guard !signers.isEmpty, let document = try? JSONValue(parsing: payload),
            document["algorithm"]?.string?.uppercased() == "HMAC-SHA256",
            let user = document["user_id"]?.string ?? document["user_id"]?.integer.map({ String($0) }),
            (1...128).contains(user.utf8.count)
        else { return nil }
        self.signers = signers
        userID = user
        issuedAt = document["issued_at"]?.integer ?? 0
    }

    /// As the platform would send it; for tests and the sandbox.
    package static func text(userID: String, issuedAt: Int64, secret: [UInt8]) -> String {
        let document: JSONValue = [
            "algorithm": "HMAC-SHA256", "user_id": .string(userID), "issued_at": .integer(issuedAt),
        ]
        let payload = letters(document.bytes())
        let digits = Array(WebhookSignature.header(for: Array(payload.utf8), secret: secret).utf8.dropFirst(7))
        let signature = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
        return letters(signature) + "." + payload
    }

    private static func letters(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func bytes(_ letters: String) -> [UInt8]? {
        var text = letters.replacing("-", with: "+").replacing("_", with: "/")
        guard !letters.contains("+"), !letters.contains("/") else { return nil }
        while text.utf8.count % 4 != 0 { text += "=" }
        return Data(base64Encoded: text).map(Array.init)
    }
}
