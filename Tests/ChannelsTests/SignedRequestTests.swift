import Testing

@testable import Channels

@Suite("Meta's signed request")
struct SignedRequestTests {
    private static let secrets = [("old", Array("older".utf8)), ("app", Array("secret".utf8))]

    /// The example of Meta's documentation of signed requests, whose secret is `secret`.
    @Test("is read by any of several secrets, from a form, percent-encoded or not")
    func read() throws {
        let text = SignedRequest.text(userID: "218471", issuedAt: 1_291_836_800, secret: Array("secret".utf8))
        for form in ["signed_request=\(text)", "a=b&signed_request=\(text.replacing("-", with: "%2D"))&c="] {
            let request = try #require(SignedRequest(form: Array(form.utf8), secrets: Self.secrets))
            #expect(request.signers == ["app"] && request.userID == "218471" && request.issuedAt == 1_291_836_800)
        }
    }

    @Test("is signed over the payload as it is written, whoever wrote it")
    func written() throws {
        // {"user_id":"7","algorithm":"HMAC-SHA256"} with its keys in another order than ours.
        let payload = "eyJ1c2VyX2lkIjoiNyIsImFsZ29yaXRobSI6IkhNQUMtU0hBMjU2In0"
        let digits = WebhookSignature.header(for: Array(payload.utf8), secret: Array("secret".utf8)).dropFirst(7)
        let bytes = stride(from: 0, to: 64, by: 2).compactMap { index -> UInt8? in
            let start = digits.index(digits.startIndex, offsetBy: index)
            return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
        }
        let signature = JSONLetters.base64url(bytes)
        #expect(SignedRequest("\(signature).\(payload)", secrets: Self.secrets)?.userID == "7")
        #expect(SignedRequest("\(signature).\(payload)", secrets: [("x", Array("other".utf8))]) == nil)
    }

    @Test("is refused if one letter of it is another, or it is none")
    func refused() {
        let text = SignedRequest.text(userID: "218471", issuedAt: 1, secret: Array("secret".utf8))
        for index in text.indices {
            var other = text
            other.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            // The last letter of a signature holds two bits that mean nothing.
            guard other != text, text[text.index(after: index)...].first != "." else { continue }
            #expect(SignedRequest(other, secrets: Self.secrets) == nil, "\(other)")
        }
        for none in ["", ".", "a.b", text + ".x", text + "=", "+" + text, String(text.dropLast(8))] {
            #expect(SignedRequest(none, secrets: Self.secrets) == nil, "\(none)")
        }
        let form = "signed_request=\(text)&signed_request=\(text)"
        #expect(SignedRequest(form: Array(form.utf8), secrets: Self.secrets) == nil)
        #expect(SignedRequest(form: [UInt8](repeating: 0x61, count: 9_000), secrets: Self.secrets) == nil)
    }
}

private enum JSONLetters {
    /// Base64 with the letters of addresses.
    static func base64url(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var text = ""
        var bits = 0
        var held: UInt32 = 0
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                text.append(letters[Int(held >> UInt32(bits - 6) & 63)])
                bits -= 6
            }
        }
        if bits > 0 { text.append(letters[Int(held << UInt32(6 - bits) & 63)]) }
        return text
    }
}
