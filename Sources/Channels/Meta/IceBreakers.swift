// The questions that Messenger and Instagram offer before a customer's first message (DOMAIN.md 4.5).
//
// Problem: they lie on the platform, where a page's owner may change them too, and an account has one set in several
// languages. Choice: the configuration says all of them; what the platform has is read, compared as a whole and replaced as
// a whole, and only if it differs. Rejected: changing single questions, for which the platform has no call. How it fails:
// between reading and writing a person may change them there; the next comparison shows it.

package import Contracts

/// One account's ice breakers. Pure.
package struct IceBreakers: Sendable, Equatable {
    package struct Question: Sendable, Hashable {
        package let text: String
        /// Comes back in the postback when it is pressed.
        package let payload: String

        package init(text: String, payload: String) {
            self.text = text
            self.payload = payload
        }
    }

    /// The platform takes no more of one locale, and none longer.
    package static let mostQuestions = 4
    package static let longestQuestion = TextLimit(unit: .utf16, most: 80)
    /// What is shown where no other locale fits; always there.
    package static let defaultLocale = "default"

    /// By the platform's locale, such as `vi_VN`.
    package let locales: [String: [Question]]

    package init(_ locales: [String: [Question]]) {
        self.locales = locales.filter { !$0.value.isEmpty }
    }

    /// Reads what the platform has; sets of an older form, without a locale, are those of the default one.
    package init(in document: JSONValue) {
        var locales: [String: [Question]] = [:]
        for set in (document["data"]?.array ?? []).flatMap({ $0["ice_breakers"]?.array ?? [] }) {
            let locale = set["locale"]?.string ?? Self.defaultLocale
            for question in set["call_to_actions"]?.array ?? [set] {
                guard let text = question["question"]?.string else { continue }
                locales[locale, default: []].append(
                    Question(text: text, payload: question["payload"]?.string ?? ""))
            }
        }
        self.init(locales)
    }

    package var isEmpty: Bool { locales.isEmpty }

    /// What is asked for to read them.
    ///
    /// - Parameter node: the account's own, or that of its linked page (`MetaLogin.node`).
    package static func read(of node: String, _ channel: MetaChannel) -> MetaRead {
        MetaRead(
            [node, "messenger_profile"],
            [("fields", "ice_breakers")] + (channel == .instagram ? [("platform", "instagram")] : []))
    }

    /// The call that makes the platform have these, or none if there are none.
    package func request(_ node: String, _ channel: MetaChannel) -> MetaRequest {
        var body: [String: JSONValue] = channel == .instagram ? ["platform": "instagram"] : [:]
        guard !isEmpty else {
            body["fields"] = ["ice_breakers"]
            return MetaRequest(.delete, [node, "messenger_profile"], body: .object(body))
        }
        body["ice_breakers"] = .array(
            locales.sorted { $0.key < $1.key }.map { locale, questions in
                let calls = questions.map { question -> JSONValue in
                    ["question": .string(question.text), "payload": .string(question.payload)]
                }
                return ["call_to_actions": .array(calls), "locale": .string(locale)]
            })
        return MetaRequest(.post, [node, "messenger_profile"], body: .object(body))
    }

    /// In which locales the platform has others than these; empty where it has the same.
    package func differing(from platform: IceBreakers) -> [String] {
        Set(locales.keys).union(platform.locales.keys).filter { locales[$0] != platform.locales[$0] }.sorted()
    }
}
