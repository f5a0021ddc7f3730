internal import COpenSSL

/// The derived name of an action: the first 16 bytes of SHA-256 over (conversation, cause, kind, n), joined by 0x1F.
///
/// The same decision names the same action, so a decision taken again after a lost commit makes no second effect.
package struct ActionID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Derives the id. `kind` enters by its lower-case name in the schema, `n` in decimal.
    package init(conversation: EntityID, cause: String, kind: Action.Kind, n: Int) {
        let bytes = Array("\(conversation.text)\u{1F}\(cause)\u{1F}\(kind.word)\u{1F}\(n)".utf8)
        var digest = [UInt8](repeating: 0, count: 32)
        _ = SHA256(bytes, bytes.count, &digest)
        self.init(bytes: digest)
    }

    /// Reads 32 hex digits; nil for anything else.
    package init?(hex: String) {
        guard hex.utf8.count == 32 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in hex.utf8 {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(digit)
        }
        self.init(high: high, low: low)
    }

    private init(bytes: [UInt8]) {
        high = bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// 32 lower-case hex digits.
    package var description: String {
        let digits: StaticString = "0123456789abcdef"
        return String(unsafeUninitializedCapacity: 32) { bytes in
            for index in 0..<16 {
                let shift = UInt64(60 - 4 * index)
                bytes[index] = digits.utf8Start[Int(high >> shift & 15)]
                bytes[index + 16] = digits.utf8Start[Int(low >> shift & 15)]
            }
            return 32
        }
    }

    package static func < (left: ActionID, right: ActionID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension Action {
    package var actionID: ActionID {
        get { ActionID(high: idHigh, low: idLow) }
        set {
            idHigh = newValue.high
            idLow = newValue.low
        }
    }
}

extension Action.Kind {
    /// The schema's name in lower case: `send`, `private_reply`, …
    package var word: String {
        switch self {
        case .send: "send"
        case .reply: "reply"
        case .privateReply: "private_reply"
        case .hide: "hide"
        case .unhide: "unhide"
        case .delete: "delete"
        case .senderAction: "sender_action"
        case .fetch: "fetch"
        case .notify: "notify"
        case .tell: "tell"
        case .publish: "publish"
        case .standDown: "stand_down"
        case .unspecified: "unspecified"
        case .UNRECOGNIZED(let number): "kind_\(number)"
        }
    }
}
