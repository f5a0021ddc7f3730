internal import Mustache

/// One variant of a text, taken apart so that filling it is joining strings.
///
/// Problem: rendering Mustache reflects over its context and costs tens of microseconds; a reply is made on the hot path.
/// Choice: each template is rendered once for every combination of the slots that its sections ask about, with a private
/// mark in place of each slot, and split at the marks; at most 2^4 bodies. Rejected: a template syntax of our own.
struct CompiledTemplate: Sendable {
    /// Sections may ask about this many different slots.
    static let mostConditions = 4

    enum Part: Sendable, Equatable {
        case literal(String)
        case slot(Slot, startsSentence: Bool)
    }

    /// Slots that sections ask about, in the order of their bits.
    private let conditions: [Slot]
    /// One body for each combination of the conditions.
    let bodies: [[Part]]
    private let slots: Set<Slot>

    init(_ template: MustacheTemplate, tags: TemplateTags) {
        self.init(tags) { isThere in
            let there = Slot.allCases.filter(isThere)
            return template.render(
                Dictionary(uniqueKeysWithValues: there.map { ($0.rawValue, String($0.mark)) }))
        }
    }

    init(_ template: PlainTemplate, tags: TemplateTags) {
        self.init(tags, render: template.render)
    }

    private init(_ tags: TemplateTags, render: ((Slot) -> Bool) -> String) {
        let conditions = Slot.allCases.filter { tags.conditions.contains($0) }
        self.conditions = conditions
        slots = tags.slots
        var bodies: [[Part]] = []
        for bits in 0..<(1 << conditions.count) {
            let text = render { slot in
                guard let bit = conditions.firstIndex(of: slot) else { return true }
                return bits & (1 << bit) != 0
            }
            bodies.append(Self.split(text))
        }
        self.bodies = bodies
    }

    /// The text; nil if a slot that it needs cannot be filled, or if it states a time without the city that weak
    /// evidence of the zone asks for.
    func filled(with values: SlotValues) -> String? {
        if values.slots.zoneIsWeak, slots.contains(.time), !slots.contains(.zoneCity) { return nil }
        var bits = 0
        for (bit, slot) in conditions.enumerated() where values.has(slot) { bits |= 1 << bit }
        var text = ""
        for part in bodies[bits] {
            switch part {
            case .literal(let literal): text += literal
            case .slot(let slot, let startsSentence):
                guard slot == .zoneCity || values.has(slot) else { return nil }
                text += values.text(slot, startsSentence: startsSentence)
            }
        }
        return text
    }

    /// Every literal that directly follows a day or a time, for the lint.
    var followers: [(slot: Slot, literal: String)] {
        bodies.flatMap { body in
            zip(body, body.dropFirst()).compactMap { part, next in
                guard case .slot(let slot, _) = part, slot == .day || slot == .time, case .literal(let text) = next
                else { return nil }
                return (slot, text)
            }
        }
    }

    /// The body in which every condition holds, without its slots.
    var literals: String {
        (bodies.last ?? []).map { if case .literal(let text) = $0 { text } else { " " } }.joined()
    }

    private static func split(_ text: String) -> [Part] {
        var parts: [Part] = []
        var literal = String.UnicodeScalarView()
        var startsSentence = true
        for scalar in text.unicodeScalars {
            if let slot = Slot(mark: scalar) {
                if !literal.isEmpty { parts.append(.literal(String(literal))) }
                literal = String.UnicodeScalarView()
                parts.append(.slot(slot, startsSentence: startsSentence))
                startsSentence = false
            } else {
                literal.append(scalar)
                switch scalar {
                case ".", "!", "?", "。", "！", "？", "؟", "\n", "¡", "¿": startsSentence = true
                case " ", "\u{A0}", "\u{202F}", "\u{2068}": break
                default: startsSentence = false
                }
            }
        }
        if !literal.isEmpty { parts.append(.literal(String(literal))) }
        return parts
    }
}
