package import Contracts

/// One identity that answers: a page, an Instagram account.
package struct AccountPolicy: Sendable {
    package let id: String
    /// Name of a `ChannelPolicy`.
    package let channel: String
    package let partition: PartitionName
    /// Name of its secret, never the secret.
    package let secret: String
    /// The platform's id of our own app, by which news of thread control tell us from others; nil if nobody wrote it down.
    package let app: String?
    /// Fills the `brand` slot of texts.
    package let brand: String?
    /// The platform has reviewed and allowed that people write after the window (Meta's `HUMAN_AGENT`).
    package let personsMayWriteLate: Bool
    /// False: everything is decided, nothing automatic is sent.
    package let automation: Bool
    /// Where calls about it go; no decision reads it.
    package let login: MetaLogin

    package init(
        id: String, channel: String, partition: PartitionName, secret: String, app: String? = nil,
        brand: String? = nil, personsMayWriteLate: Bool = false, automation: Bool = true, login: MetaLogin = .page
    ) {
        self.id = id
        self.channel = channel
        self.partition = partition
        self.secret = secret
        self.app = app
        self.brand = brand
        self.personsMayWriteLate = personsMayWriteLate
        self.automation = automation
        self.login = login
    }
}

/// A named unit of lanes with a market. The zone is the market's place in the forecast of load, not the customers' clock.
package struct PartitionPolicy: Sendable {
    package let name: PartitionName
    package let market: String
    /// IANA name.
    package let zone: String
    /// At least 1.
    package let lanes: Int

    package init(name: PartitionName, market: String, zone: String, lanes: Int = 8) {
        self.name = name
        self.market = market
        self.zone = zone
        self.lanes = max(1, lanes)
    }
}

/// What a channel allows, as values (DOMAIN 4.6).
package struct ChannelPolicy: Sendable {
    package let name: String
    /// How long after the customer's last action the business may write in a direct thread; nil: always.
    package let window: Duration?
    /// How long after it a person may, where the account was allowed to; nil: not longer than `window`.
    package let personWindow: Duration?
    /// So long before the end of `window` the last automatic text may leave: it is on its way for a while, and the platform goes
    /// by its own clock.
    package let windowMargin: Duration
    /// After a person wrote in the platform's own inbox, the thread is theirs for this long.
    package let inboxHold: Duration
    /// The platform's ids of the apps in which people do so.
    package let inboxApps: Set<String>
    /// After a foreign app wrote, nothing automatic is said for this long.
    package let foreignHold: Duration
    /// A text of the platform's inbox that stands so shortly behind the customer's words may be its own instant reply.
    package let platformRepliesWithin: Duration
    /// How long the echo of a message may take that got no clear answer.
    package let echoWithin: Duration
    /// The least time from one text to a thread to its next; nil: the platform is not known to mind.
    package let threadSpacing: Duration?
    package let textLimit: TextLimit
    /// Cards in one message; nil: the platform takes none.
    package let cards: CardLimit?
    /// Buttons that are gone with the next message; nil: the platform takes none.
    package let quickReplies: QuickReplyLimit?
    /// What the platform takes of one account, all workers together.
    package let limits: [SendLimit]
    /// Where actions are posted on a generic channel; nil for the platforms that we know by name.
    package let address: String?
    /// How often accounts are swept for what webhooks left out; nil: never.
    package let sweep: Duration?
    /// Whether it is asked once an hour which webhooks come, and for those that do not.
    package let watchesSubscriptions: Bool
    /// Whether sweeps ask for direct messages too.
    package let sweepsMessages: Bool
    /// Whether customers' profiles are asked for: name, language, zone.
    package let asksProfiles: Bool
    /// Whether the words and authors of mentions are asked for.
    package let asksMentions: Bool
    /// Whether what the platform tells of deliveries and reads is decided, too; else it is counted and dropped.
    package let takesReceipts: Bool
    /// Whether further words of a closed period, whose text was said, are marked as seen.
    package let marksSeen: Bool

    /// DOMAIN 4.10, first row.
    package static let usualEcho = Duration.seconds(60)

    package init(
        name: String, window: Duration? = .seconds(86_400), personWindow: Duration? = .seconds(7 * 86_400),
        windowMargin: Duration = .zero, inboxHold: Duration = .seconds(86_400), foreignHold: Duration = .seconds(3_600),
        platformRepliesWithin: Duration = .seconds(10), echoWithin: Duration = usualEcho,
        threadSpacing: Duration? = nil,
        textLimit: TextLimit = TextLimit(unit: .characters, most: 2_000), limits: [SendLimit] = [],
        cards: CardLimit? = nil, quickReplies: QuickReplyLimit? = nil, address: String? = nil, sweep: Duration? = nil,
        watchesSubscriptions: Bool? = nil, sweepsMessages: Bool = false, asksProfiles: Bool = false,
        asksMentions: Bool = false, takesReceipts: Bool = false, marksSeen: Bool = false,
        inboxApps: Set<String> = MetaInbox.usualApps
    ) {
        self.sweep = sweep
        self.watchesSubscriptions = watchesSubscriptions ?? (sweep != nil)
        self.sweepsMessages = sweepsMessages
        self.asksProfiles = asksProfiles
        self.asksMentions = asksMentions
        self.takesReceipts = takesReceipts
        self.marksSeen = marksSeen
        self.name = name
        self.window = window
        self.personWindow = personWindow
        self.windowMargin = windowMargin
        self.inboxHold = inboxHold
        self.inboxApps = inboxApps
        self.foreignHold = foreignHold
        self.platformRepliesWithin = platformRepliesWithin
        self.echoWithin = echoWithin
        self.threadSpacing = threadSpacing
        self.textLimit = textLimit
        self.cards = cards
        self.quickReplies = quickReplies
        self.limits = limits
        self.address = address
    }

    /// Whether its accounts ask the platform for anything by themselves.
    package var isWatched: Bool { sweep != nil || watchesSubscriptions }
}

/// How many cards one message takes, and whether one may show what stands in the account's own catalogue by its id alone.
package struct CardLimit: Sendable, Hashable {
    package let most: Int
    package let showsCatalogue: Bool

    package init(most: Int, showsCatalogue: Bool = false) {
        self.most = most
        self.showsCatalogue = showsCatalogue
    }
}

/// How many buttons one message takes, and how many characters each.
package struct QuickReplyLimit: Sendable, Hashable {
    package let most: Int
    package let longestTitle: Int

    package init(most: Int, longestTitle: Int) {
        self.most = most
        self.longestTitle = longestTitle
    }
}

/// At most so many calls of a kind within a time, for one account (DOMAIN 4.9).
package struct SendLimit: Sendable, Hashable {
    package enum Counted: String, Sendable, Hashable, CaseIterable {
        /// Messages, private replies and sender actions.
        case sends
        /// Private replies, which count as sends too.
        case privateReplies = "private_replies"
    }

    package let counted: Counted
    package let most: Int
    package let per: Duration

    package init(_ counted: Counted, most: Int, per: Duration) {
        self.counted = counted
        self.most = most
        self.per = per
    }
}
