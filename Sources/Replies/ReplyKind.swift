/// Which text is wanted from a language pack. An open set: a pack may carry kinds that this version does not ask for.
///
/// The name is the key in `languages/<tag>/templates.yaml`; what each kind must hold is in `KindRule`.
package struct ReplyKind: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let name: String

    package init(_ name: String) {
        self.name = name
    }

    package var description: String { name }

    package static func < (left: ReplyKind, right: ReplyKind) -> Bool { left.name < right.name }
}

extension ReplyKind {
    /// Closed now; the reply names the instant by which a person answers. Needs `due`.
    package static let afterHoursPromise = ReplyKind("after_hours_promise")
    /// Closed now, and no instant can be promised.
    package static let afterHoursNoTime = ReplyKind("after_hours_no_time")
    /// Closed for longer than we may write first: the customer is asked to write again. Needs `due` for its day.
    package static let afterHoursAskAgain = ReplyKind("after_hours_ask_again")
    /// A first message in opening hours: a person will answer.
    package static let acknowledgement = ReplyKind("acknowledgement")
    /// An earlier promise was not kept; a new instant is named. Needs `due`.
    package static let apologyLate = ReplyKind("apology_late")

    /// Something went wrong for a customer, who said so in private.
    package static let complaintReceived = ReplyKind("complaint_received")
    package static let complaintReceivedPublic = ReplyKind("complaint_received_public")
    package static let praiseThanksPublic = ReplyKind("praise_thanks_public")
    /// The first private message to somebody who commented.
    package static let privateReply = ReplyKind("private_reply")
    /// Under a comment: a private message was sent.
    package static let publicPointer = ReplyKind("public_pointer")
    package static let orderStatus = ReplyKind("order_status")
    package static let orderStatusPublic = ReplyKind("order_status_public")

    /// A line before texts that do not say by themselves that nobody wrote them.
    package static let disclosure = ReplyKind("disclosure")
    /// One product's price, or that it is there, sold out, or back on a day. Needs `product`; the last needs `due`.
    package static let productPrice = ReplyKind("product_price")
    package static let productInStock = ReplyKind("product_in_stock")
    package static let productSoldOut = ReplyKind("product_sold_out")
    package static let productRestock = ReplyKind("product_restock")

    /// A person takes over from automation.
    package static let handover = ReplyKind("handover")
    /// Nobody who speaks this language is there now. Needs `due`.
    package static let languageHelp = ReplyKind("language_help")
    package static let anythingElse = ReplyKind("anything_else")
    package static let resolved = ReplyKind("resolved")
    package static let satisfactionQuestion = ReplyKind("satisfaction_question")
    package static let satisfactionThanks = ReplyKind("satisfaction_thanks")
    package static let satisfactionSorry = ReplyKind("satisfaction_sorry")
    /// The customer wrote again in a closed matter.
    package static let reopened = ReplyKind("reopened")

    /// The answer to a frequent question, by its intent: `faq.<name>`.
    package static func faq(_ name: String) -> ReplyKind {
        ReplyKind("faq.\(name)")
    }
}
