/// How surely a text is spam, from the kinds of evidence in it.
///
/// Problem: no phrase alone proves spam; a customer may ask about WhatsApp, tell of money lost, name a page. Choice: points
/// for kinds of evidence that are independent of each other, each counted to a bound, so that proof takes at least two
/// kinds or several different offers. Words of judgement are no evidence. Rejected: learned weights, which no support lead
/// can read and which follow the texts they were learned from. How it fails: praise of a seller without offer, sum or
/// trade word is no spam to us.
struct SpamScore {
    /// From here on it is proof.
    static let proof = 5
    /// From here on it is deleted, not only hidden.
    static let certain = 10
    /// From here on a person should look.
    static let suspicion = 4

    /// Different phrases of each kind.
    var offers = 0
    var contacts = 0
    var signs = 0
    var hints = 0
    var sites = 0
    var shorteners = 0
    var messengers = 0
    var emails = 0
    var handles = 0
    var phones = 0
    var sums = 0
    /// Of a thousand and more.
    var largeSums = 0
    var wallets = 0
    /// Words written in another script's letters, and phrases found only after a trick was undone.
    var disguisedWords = 0
    var disguisedPhrases = 0

    /// Somewhere to go or somebody to write to.
    var ways: Int { sites + shorteners + messengers + emails + handles + phones + wallets }

    var points: Int {
        let substance = offers + contacts + signs + largeSums
        var points = min(offers, 4) * 3 + min(contacts, 2) * 3 + min(signs, 5) + min(disguisedWords, 3)
        if substance > 0 {
            points += min(hints, 2) + min(disguisedPhrases, 2) * 2
            points += shorteners + messengers + wallets > 0 ? 3 : sites + emails + phones > 0 ? 2 : 0
            points += handles > 0 ? 2 : 0
            points += largeSums > 0 ? 2 : min(sums, 1)
        }
        return isQualified ? points : min(points, Self.proof - 1)
    }

    /// Proof needs something that only a spammer says and a second kind of evidence, or a seller's whole trade: words of it
    /// and somebody to write to; a link that opens a chat stands for the third of them.
    private var isQualified: Bool {
        if offers + contacts > 0 { return kinds > 1 || offers > 1 }
        if signs > 1 && messengers > 0 { return true }
        if signs > 2 { return ways > 0 || largeSums > 0 || disguisedWords > 1 }
        if signs > 1 { return handles > 0 && hints + largeSums > 0 || disguisedWords > 2 }
        return signs > 0 && handles > 0 && largeSums > 0
    }

    /// Kinds of evidence that do not follow from each other; one kind, however often, is no proof.
    private var kinds: Int {
        let found = [
            offers > 0, contacts > 0, signs > 0, ways > 0, sums > 0, disguisedWords > 1 || disguisedPhrases > 0,
            hints > 1,
        ]
        return found.count { $0 }
    }
}
