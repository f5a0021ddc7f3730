internal import BusinessTime
internal import Instants

/// The values of one reply, each computed when it is first needed.
struct SlotValues {
    let slots: ReplySlots
    let words: LocaleWords

    /// Longest value of a slot in characters; what is longer is cut.
    private static let mostCharacters = 600

    /// Whether `slot` can be filled; the city of a zone only where it is called for.
    func has(_ slot: Slot) -> Bool {
        switch slot {
        case .day, .time: slots.due != nil
        case .zoneCity: slots.zoneIsWeak
        case .firstName, .product, .brand, .answer: free(slot)?.isEmpty == false
        }
    }

    /// The text for `slot`, isolated from its surroundings where directions could mix.
    func text(_ slot: Slot, startsSentence: Bool) -> String {
        let text =
            switch slot {
            case .day: day(startsSentence: startsSentence)
            case .time:
                slots.due.map { words.time(slots.customerZone.localTime(of: $0).secondOfDay) } ?? ""
            case .zoneCity: words.city(of: slots.customerZone.name)
            case .firstName, .product, .brand, .answer: Self.clean(free(slot) ?? "")
            }
        guard words.direction == .rightToLeft || Self.holdsRightToLeft(text) else { return text }
        return "\u{2068}\(text)\u{2069}"
    }

    private func day(startsSentence: Bool) -> String {
        guard let due = slots.due else { return "" }
        return words.day(
            slots.customerZone.localTime(of: due).date, from: slots.customerZone.localTime(of: slots.now).date,
            crossesHoliday: slots.crossesHoliday, namesDate: slots.namesDate, startsSentence: startsSentence)
    }

    private func free(_ slot: Slot) -> String? {
        switch slot {
        case .firstName: slots.firstName
        case .product: slots.product
        case .brand: slots.brand
        case .answer: slots.answer
        case .day, .time, .zoneCity: nil
        }
    }

    /// A value from outside without controls and direction overrides, of bounded length.
    private static func clean(_ text: String) -> String {
        if text.utf8.count <= mostCharacters, !mayHoldControls(text) { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(4 * mostCharacters) {
            switch scalar.value {
            case 0x0A: scalars.append(scalar)
            case 0..<0x20, 0x7F..<0xA0: scalars.append(" ")
            case 0x61C, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xF8E0...0xF8FF: continue
            default: scalars.append(scalar)
            }
        }
        return String(String(scalars).prefix(mostCharacters))
    }

    /// False only where nothing is to be taken out: no control, and no byte with which a direction's mark begins.
    private static func mayHoldControls(_ text: String) -> Bool {
        var before: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case 0x0A: break
            case 0..<0x20, 0x7F, 0xD8, 0xEF: return true
            case 0x80..<0xA0 where before == 0xC2, 0x80...0x81 where before == 0xE2: return true
            default: break
            }
            before = byte
        }
        return false
    }

    private static func holdsRightToLeft(_ text: String) -> Bool {
        text.unicodeScalars.contains { (0x590...0x8FF).contains($0.value) || (0xFB1D...0xFEFC).contains($0.value) }
    }
}
