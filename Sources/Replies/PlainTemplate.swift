/// A template of one line that holds slots and sections about slots only, which is nearly every one.
///
/// Problem: parsing with Mustache and rendering by reflection took a tenth of the time in which a command starts. Choice: the
/// common form is taken apart here and everything else left to Mustache; a test holds that both render every shipped text
/// alike.
struct PlainTemplate {
    private enum Token {
        case literal(String)
        case slot(Slot)
        case open(Slot, isInverted: Bool)
        case close
    }

    private let tokens: [Token]

    /// Nil for what Mustache must read: several lines, other tags, sections that do not close.
    init?(_ text: String) {
        var tokens: [Token] = []
        var open: [Slot] = []
        let bytes = Array(text.utf8)
        var start = 0
        var at = 0
        while at < bytes.count {
            guard bytes[at] != 0x0A, bytes[at] != 0x0D else { return nil }
            guard bytes[at] == Self.brace, at + 1 < bytes.count, bytes[at + 1] == Self.brace else {
                at += 1
                continue
            }
            if start < at { tokens.append(.literal(String(decoding: bytes[start..<at], as: UTF8.self))) }
            guard let tag = Self.tag(bytes, at + 2) else { return nil }
            switch tag.sign {
            case UInt8(ascii: "#"), UInt8(ascii: "^"):
                open.append(tag.slot)
                tokens.append(.open(tag.slot, isInverted: tag.sign == UInt8(ascii: "^")))
            case UInt8(ascii: "/"):
                guard open.popLast() == tag.slot else { return nil }
                tokens.append(.close)
            default: tokens.append(.slot(tag.slot))
            }
            at = tag.end
            start = at
        }
        guard open.isEmpty else { return nil }
        if start < at { tokens.append(.literal(String(decoding: bytes[start..<at], as: UTF8.self))) }
        self.tokens = tokens
    }

    /// The text with a mark for each slot that is there and nothing for others.
    func render(_ isThere: (Slot) -> Bool) -> String {
        var text = ""
        /// Sections that are open, and how many of them are left out.
        var open: [Bool] = []
        var hidden = 0
        for token in tokens {
            switch token {
            case .literal(let literal): if hidden == 0 { text += literal }
            case .slot(let slot): if hidden == 0, isThere(slot) { text.unicodeScalars.append(slot.mark) }
            case .open(let slot, let isInverted):
                let isHidden = isThere(slot) == isInverted
                open.append(isHidden)
                hidden += isHidden ? 1 : 0
            case .close: hidden -= open.popLast() == true ? 1 : 0
            }
        }
        return text
    }

    private static let brace = UInt8(ascii: "{")

    /// The tag whose content begins at `start`; `sign` is zero for a plain slot.
    private static func tag(_ bytes: [UInt8], _ start: Int) -> (sign: UInt8, slot: Slot, end: Int)? {
        guard start < bytes.count else { return nil }
        let sign = "#^/".utf8.contains(bytes[start]) ? bytes[start] : 0
        let name = sign == 0 ? start : start + 1
        var end = name
        while end < bytes.count, bytes[end] == UInt8(ascii: "_") || (0x61...0x7A).contains(bytes[end]) { end += 1 }
        guard end + 1 < bytes.count, bytes[end] == UInt8(ascii: "}"), bytes[end + 1] == UInt8(ascii: "}"),
            let slot = Slot(rawValue: String(decoding: bytes[name..<end], as: UTF8.self))
        else { return nil }
        return (sign, slot, end + 2)
    }
}
