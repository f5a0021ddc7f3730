package import Contracts

/// How far a lane's owner has come with one order, as the next owner has to know it.
///
/// States, actions and open items carry no position, and what tells a thread or a place in the results to be the person's
/// goes itself. So an owner writes down what it learned before it erases it, and that states are gone before the lane goes on.
package struct ForgetProgress: Sendable, Equatable {
    /// States, actions and open items are gone: what is there now of the person came afterwards.
    package var isPastStates = false
    /// The log was read: comments, visits and places are known as far as it tells.
    package var isLearned = false
    package var tally = ForgetTally()
    /// Threads that were theirs alone and are gone, by entity id.
    package var threads: Set<String> = []
    /// Threads of others in which nothing is open any more, though their desks may think so.
    package var calmed: Set<String> = []
    /// Threads in which the log has comments of theirs: their states may still hold something.
    package var visits: Set<String> = []
    /// XXH64 of the ids of their comments.
    package var comments: Set<UInt64> = []
    /// Where events of theirs stood outside their own conversations; their results go by these.
    package var places: Set<Position> = []

    package init() {}

    /// `states|log`, the tally, then `learned`, threads, `~` those that became calm, `@` those to visit, `#` comments, places.
    var text: String {
        var words = [isPastStates ? "log" : "states", tally.text]
        if isLearned { words.append(Self.learned) }
        words += threads.sorted()
        words += calmed.sorted().map { "~\($0)" }
        words += visits.sorted().map { "@\($0)" }
        words += comments.sorted().map { "#\(String($0, radix: 16))" }
        words += places.sorted().map(\.description)
        return words.joined(separator: " ")
    }

    private static let learned = "learned"

    init?(_ words: [String]) {
        let width = 1 + ForgetTally.names.count
        guard words.count >= width, let tally = ForgetTally(words[1..<width]) else { return nil }
        isPastStates = words[0] == "log"
        self.tally = tally
        for word in words.dropFirst(width) {
            switch word.first {
            case "~": calmed.insert(String(word.dropFirst()))
            case "@": visits.insert(String(word.dropFirst()))
            case "#": UInt64(word.dropFirst(), radix: 16).map { _ = comments.insert($0) }
            default:
                if word == Self.learned {
                    isLearned = true
                } else if let place = Position(text: word) {
                    places.insert(place)
                } else {
                    threads.insert(word)
                }
            }
        }
    }
}

/// Threads of which desks have to know that a person is gone, by XXH64 of their entity ids: the ids themselves hold the id of a
/// comment.
package struct ThreadsLeft: Sendable, Equatable {
    /// Their matters go.
    package var gone: Set<UInt64> = []
    /// Their matters are closed.
    package var calmed: Set<UInt64> = []

    package init(gone: Set<UInt64> = [], calmed: Set<UInt64> = []) {
        self.gone = gone
        self.calmed = calmed
    }

    package init(_ progress: ForgetProgress) {
        gone = Set(progress.threads.map { StableHash.hash($0) })
        calmed = Set(progress.calmed.map { StableHash.hash($0) })
    }

    package var isEmpty: Bool { gone.isEmpty && calmed.isEmpty }

    package mutating func add(_ other: ThreadsLeft) {
        gone.formUnion(other.gone)
        calmed.formUnion(other.calmed)
    }

    /// The hashes in hexadecimal, those of calm threads behind a `~`.
    var text: String {
        (gone.sorted().map { String($0, radix: 16) } + calmed.sorted().map { "~\(String($0, radix: 16))" })
            .joined(separator: " ")
    }

    init(_ words: [String]) {
        for word in words {
            if word.first == "~" {
                UInt64(word.dropFirst(), radix: 16).map { _ = calmed.insert($0) }
            } else {
                UInt64(word, radix: 16).map { _ = gone.insert($0) }
            }
        }
    }
}
