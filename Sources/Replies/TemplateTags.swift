/// The tags of a Mustache template, read before it is parsed: which slots it names, which it asks about.
struct TemplateTags {
    /// What is wrong with a template; the caller knows which one it is.
    struct Fault: Error, Equatable {
        let expected: String
        let came: String
    }

    private(set) var slots: Set<Slot> = []
    private(set) var conditions: Set<Slot> = []

    /// - Throws: `Fault` for the first tag that is not a slot or a section about one.
    init(_ template: String) throws(Fault) {
        var open: [Slot] = []
        var bare: Set<Slot> = []
        var rest = Substring(template)
        while let start = Self.range(of: "{{", in: rest) {
            guard let end = Self.range(of: "}}", in: rest[start.upperBound...]) else {
                throw Fault(expected: "}} after {{", came: String(rest[start.lowerBound...].prefix(40)))
            }
            var tag = rest[start.upperBound..<end.lowerBound]
            rest = rest[end.upperBound...]
            if tag.hasPrefix("{"), rest.hasPrefix("}") {
                tag = tag.dropFirst()
                rest = rest.dropFirst()
            }
            let sign = tag.first.flatMap { "#^/&".contains($0) ? $0 : nil }
            let slot = try Self.slot(sign == nil ? tag : tag.dropFirst())
            slots.insert(slot)
            switch sign {
            case "#":
                conditions.insert(slot)
                open.append(slot)
            case "^":
                conditions.insert(slot)
                open.append(slot)
            case "/": if open.last == slot { open.removeLast() }
            default: if !open.contains(slot) { bare.insert(slot) }
            }
        }
        if let slot = Slot.allCases.first(where: { conditions.contains($0) && bare.contains($0) }) {
            throw Fault(
                expected: "{{\(slot.rawValue)}} only inside its section {{#\(slot.rawValue)}}", came: "it outside too")
        }
        guard conditions.count <= CompiledTemplate.mostConditions else {
            throw Fault(
                expected: "sections about at most \(CompiledTemplate.mostConditions) slots",
                came: "\(conditions.count)")
        }
    }

    /// By bytes: the standard library's search took longer than all else that is done with a template.
    private static func range(of braces: StaticString, in text: Substring) -> Range<Substring.Index>? {
        let brace = braces.utf8Start.pointee
        let bytes = text.utf8
        var at = bytes.startIndex
        while let first = bytes[at...].firstIndex(of: brace) {
            let second = bytes.index(after: first)
            guard second < bytes.endIndex else { return nil }
            if bytes[second] == brace { return first..<bytes.index(after: second) }
            at = second
        }
        return nil
    }

    private static func slot(_ text: Substring) throws(Fault) -> Slot {
        let name = text.filter { $0 != " " }
        guard let slot = Slot(rawValue: name) else {
            let known = Slot.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault(expected: "a slot: \(known)", came: "{{\(text.prefix(40))}}")
        }
        return slot
    }
}
