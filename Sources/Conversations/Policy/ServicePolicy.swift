/// What a market does for its customers besides answering and promising. Everything here is off unless a market asks for it.
package struct ServicePolicy: Sendable {
    /// The first message of a conversation in opening hours is acknowledged (DOMAIN N9).
    package let acknowledges: Bool
    /// Working time after which a customer who waits for a first word is told to the desk; nil: never.
    package let firstResponse: Duration?
    /// A conversation in which the customer wrote nothing for this long after a person's answer is resolved; nil: never.
    package let quietResolve: Duration?
    /// One short question after a conversation was resolved, at most once in `satisfactionEvery`.
    package let asksSatisfaction: Bool

    package static let satisfactionEvery = Duration.seconds(7 * 86_400)

    package init(
        acknowledges: Bool = false, firstResponse: Duration? = nil, quietResolve: Duration? = nil,
        asksSatisfaction: Bool = false
    ) {
        self.acknowledges = acknowledges
        self.firstResponse = firstResponse
        self.quietResolve = quietResolve
        self.asksSatisfaction = asksSatisfaction
    }
}
