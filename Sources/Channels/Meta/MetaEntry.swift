// One entry of a webhook's body, as lists of updates.
//
// Problem: the platform adds lists beside those that we know (`standby` was one), and an entry that cannot be read as a
// whole may hold a thousand updates. Choice: every array of an entry is a list whose elements are counted and set aside one
// by one, each small enough to be kept whole and read again. Rejected: the entry as one raw text, which is cut and then
// lost. How it fails: what stands beside the lists and is no array is kept only with an entry that is set aside.

internal import Contracts

/// An entry's lists and what stands beside them.
struct MetaEntry {
    /// Lists of which we know what they hold, in the order in which they are read.
    static let known = ["messaging", "standby", "changes"]
    /// Arrays that are no updates: which apps an update went through on its way.
    private static let beside: Set<String> = ["hop_context"]
    /// What says whose an entry is.
    private static let names: Set<String> = ["id", "time"]
    /// What an entry holds beside its lists goes with each of its parts up to this length.
    private static let mostRestBytes = 4 * 1_024

    struct List {
        let name: String
        let updates: [JSONValue]
    }

    /// Those that hold something: known ones first, others by name.
    let lists: [List]
    /// Known lists that are none, such as an object.
    let wrong: [(name: String, value: JSONValue)]
    private let fields: [String: JSONValue]
    /// As it came.
    let value: JSONValue

    init(_ entry: JSONValue) {
        value = entry
        let fields = entry.object ?? [:]
        let others = fields.keys.filter { !Self.known.contains($0) && !Self.beside.contains($0) }.sorted()
        lists = (Self.known + others).compactMap { name in
            guard let updates = fields[name]?.array, !updates.isEmpty else { return nil }
            return List(name: name, updates: updates)
        }
        wrong = Self.known.compactMap { name in
            guard let value = fields[name], value != .null, value.array == nil else { return nil }
            return (name, value)
        }
        self.fields = fields
    }

    /// Nothing in it could be an update.
    var isEmpty: Bool { lists.isEmpty && wrong.isEmpty }

    /// How many updates it counts as: one without updates may be set aside itself.
    var updateCount: Int { max(1, lists.reduce(wrong.count) { $0 + $1.updates.count }) }

    /// The entry as entries of one update each; itself if it holds no list.
    ///
    /// What stands beside the lists is repeated in each. Where that is long it is a part of its own, and the others repeat
    /// the account's id and the time alone. O(updates × 4 KiB + bytes).
    var parts: [JSONValue] {
        guard !lists.isEmpty else { return [.object(fields)] }
        var rest = fields
        for list in lists { rest[list.name] = nil }
        var parts: [JSONValue] = []
        if JSONValue.object(rest).text().utf8.count > Self.mostRestBytes {
            parts.append(.object(rest))
            rest = rest.filter { name, value in
                Self.names.contains(name) && value.text().utf8.count <= JSONValue.longestID
            }
        }
        for list in lists {
            parts += list.updates.map { .object(rest.merging([list.name: .array([$0])]) { _, new in new }) }
        }
        return parts
    }

    /// The entry with this one field beside id and time.
    func part(_ name: String, _ value: JSONValue) -> JSONValue {
        .object(fields.filter { Self.names.contains($0.key) }.merging([name: value]) { _, new in new })
    }

    /// The entry as entries of at most `most` updates each, in order, and where in the whole one's lists each begins.
    ///
    /// What stands beside the lists goes with the first; the others repeat id and time. O(updates).
    func slices(of most: Int) -> [(entry: MetaEntry, first: Int)] {
        guard updateCount > most else { return [(self, 0)] }
        var rest = fields
        for list in lists { rest[list.name] = nil }
        var slices = [(entry: MetaEntry(.object(rest)), first: 0)]
        if slices[0].entry.isEmpty, !lists.isEmpty { slices = [] }
        for list in lists {
            for first in stride(from: 0, to: list.updates.count, by: most) {
                let updates = JSONValue.array(Array(list.updates[first..<min(first + most, list.updates.count)]))
                guard slices.isEmpty else {
                    slices.append((MetaEntry(part(list.name, updates)), first))
                    continue
                }
                slices.append((MetaEntry(.object(rest.merging([list.name: updates]) { _, new in new })), first))
            }
        }
        return slices
    }

    /// A list's name as paths and details show it. The platform's are plain words; any other text is a question mark.
    static func word(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
        return isPlain && (1...64).contains(name.utf8.count) ? name : "?"
    }

    /// `messaging` of `entry[0].messaging[3]`, and any other list's; nil for a whole entry.
    static func list(of path: String) -> String? {
        guard path.hasPrefix("entry["), let dot = path.firstIndex(of: "."), let bracket = path.lastIndex(of: "["),
            dot < bracket
        else { return nil }
        return String(path[path.index(after: dot)..<bracket])
    }
}
