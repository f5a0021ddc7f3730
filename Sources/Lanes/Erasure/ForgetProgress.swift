package import Contracts

/// How far a lane's owner has come with one order, as the next owner has to know it.
///
/// States, actions and open items carry no position, and what tells a thread or a place in the results to be the person's
/// goes itself. So an owner writes down what it learned before it erases it, and that states are gone before the lane goes on.
package struct ForgetProgress: Sendable, Equatable {
    /// States, actions and open items are gone: what is there now of the person came afterwards.
    package var isPastStates = false
    package var tally = ForgetTally()
    /// The person's own threads, by entity id.
    package var threads: Set<String> = []
    /// Where events of theirs stood outside their own conversations; their results go by these.
    package var places: Set<Position> = []

    package init() {}

    /// `states|log`, the tally, then threads and places.
    var text: String {
        let words = threads.sorted() + places.sorted().map(\.description)
        return ([isPastStates ? "log" : "states", tally.text] + words).joined(separator: " ")
    }

    init?(_ words: [String]) {
        let width = 1 + ForgetTally.names.count
        guard words.count >= width, let tally = ForgetTally(words[1..<width]) else { return nil }
        isPastStates = words[0] == "log"
        self.tally = tally
        for word in words.dropFirst(width) {
            if let place = Position(text: word) {
                places.insert(place)
            } else {
                threads.insert(word)
            }
        }
    }
}
