package import Channels
package import Conversations

extension Policy {
    /// The ice breakers of an account: its market's questions, in each locale that one of them is written in. A question
    /// that is not written in a locale stands there as it stands in the default one.
    package func iceBreakers(of account: String) -> IceBreakers {
        guard let partition = accounts[account].flatMap({ partitions[$0.partition] }),
            let market = markets[partition.market]
        else { return IceBreakers([:]) }
        let asking = market.iceBreakers
        let locales = Set(asking.flatMap { $0.iceBreaker.keys })
        var questions: [String: [IceBreakers.Question]] = [:]
        for locale in locales {
            questions[locale] = asking.prefix(IceBreakers.mostQuestions).compactMap { rule in
                guard let text = rule.iceBreaker[locale] ?? rule.iceBreaker[IceBreakers.defaultLocale] else {
                    return nil
                }
                return IceBreakers.Question(text: text, payload: rule.iceBreakerPayload)
            }
        }
        return IceBreakers(questions)
    }
}
