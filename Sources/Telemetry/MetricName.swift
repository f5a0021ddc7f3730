/// The catalogue of metrics: every name that a process of Nightshift may expose, with its unit in the name and the
/// labels it may carry. Labels are bounded (partition, lane, state, reason), never an id of a person or an event.
///
/// There is no second list of them: what is written is rendered. A list was forgotten once, and an alert could not fire.
package struct MetricName: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    package let text: String
    package let kind: Kind
    package let help: String

    private init(_ text: String, _ kind: Kind, _ help: String) {
        self.text = text
        self.kind = kind
        self.help = help
    }
}

extension MetricName {
    package static let eventsAccepted = MetricName(
        "nightshift_events_accepted_total", .counter, "Events held by a lane or the spool; label source.")
    package static let eventsQuarantined = MetricName(
        "nightshift_events_quarantined_total", .counter,
        "Updates set aside because they could not be normalised; label reason.")
    package static let quarantineEvicted = MetricName(
        "nightshift_quarantine_evicted_total", .counter, "Updates that newer ones have pushed out of the quarantine.")
    package static let quarantineCut = MetricName(
        "nightshift_quarantine_cut_total", .counter,
        "Updates of which the quarantine keeps the first 64 KiB alone; nobody can read them again.")
    package static let eventsIgnored = MetricName(
        "nightshift_events_ignored_total", .counter, "Updates that ask for nothing, such as reads; label reason.")
    package static let aliasesRefused = MetricName(
        "nightshift_aliases_refused_total", .counter,
        "Originals of ads' media that were not kept because their account's book is full.")
    package static let eventsMissed = MetricName(
        "nightshift_events_missed_total", .counter,
        "Messages and comments that a sweep found and no webhook had brought; label account, other beyond 200.")
    package static let sweepsBehind = MetricName(
        "nightshift_sweeps_behind_seconds", .gauge,
        "By how much the account furthest behind has gone unswept for longer than its interval, by the end of its last whole sweep of comments or, where they are swept, of direct messages, whichever is earlier; a kind of which no sweep has ended counts from the account's beginning, or not where nobody knows it. Paused accounts left out, none without sweeps. Told by the coordinator that leads; by account in `nightshift accounts gaps`."
    )
    package static let webhooksRefused = MetricName(
        "nightshift_webhooks_refused_total", .counter, "Webhook requests answered with an error; label reason.")
    package static let decisions = MetricName(
        "nightshift_decisions_total", .counter, "Decisions committed; label verdict.")
    package static let commitsRefused = MetricName(
        "nightshift_commits_refused_total", .counter, "Commits refused because the lane has another owner; no label.")
    package static let deadLetters = MetricName(
        "nightshift_dead_letters_total", .counter, "Events set aside because they could not be decided.")
    package static let acceptedToCommitted = MetricName(
        "nightshift_accepted_to_committed_seconds", .histogram, "From the instant an event was received to its commit.")
    package static let entriesTrimmed = MetricName(
        "nightshift_entries_trimmed_total", .counter, "Entries of logs, results and dead letters that had aged out.")
    package static let actionsClosed = MetricName(
        "nightshift_actions_closed_total", .counter, "Actions whose outcome this process recorded.")
    package static let outcomes = MetricName(
        "nightshift_outcomes_total", .counter,
        "How actions of which a platform is called ended, once on record; labels outcome and class, which says why: malformed is a call of ours that the platform does not understand, none one that did what it was meant to."
    )
    package static let actionsAmbiguous = MetricName(
        "nightshift_actions_ambiguous_total", .counter,
        "Sends without an answer and without an echo: they may have reached the customer and are not repeated.")
    package static let actionsOpen = MetricName(
        "nightshift_actions_open", .gauge, "Actions that wait or are under way in this process.")
    package static let accountLooks = MetricName(
        "nightshift_account_looks_total", .counter,
        "Looks at accounts' brakes and tokens before sends, one an account and round.")
    package static let sendsLimited = MetricName(
        "nightshift_sends_limited_total", .counter,
        "Calls put off because the account's limit was used up; one that waits for several slots counts in each.")
    package static let accountsStopped = MetricName(
        "nightshift_accounts_stopped", .gauge,
        "Accounts for which this process may send nothing until a person sees to them: token or permission is gone.")
    package static let accountsResting = MetricName(
        "nightshift_accounts_resting", .gauge,
        "Accounts that this process spares, or probes with one call at a time, because the platform does not answer.")
    package static let noticesLogged = MetricName(
        "nightshift_notices_logged_total", .counter,
        "Calls for a person that were written into the log alone, because the worker has no file of notices.")
    package static let lanesOwned = MetricName(
        "nightshift_lanes_owned", .gauge, "Lanes that this process owns.")
    package static let lanesWaiting = MetricName(
        "nightshift_lanes_waiting", .gauge,
        "Owned lanes whose Redis server is away: a slot on its way, a primary that died.")
    package static let lanesDamaged = MetricName(
        "nightshift_lanes_damaged", .gauge,
        "Lanes of this process that wait since keys of theirs are not what they must be; the log says which.")
    package static let auditFaults = MetricName(
        "nightshift_audit_faults", .gauge, "What the last audit found wrong in all lanes; its output says what.")
    package static let auditUnjudged = MetricName(
        "nightshift_audit_unjudged_lanes", .gauge, "Lanes that changed during every look of the last audit.")
    package static let auditAge = MetricName(
        "nightshift_audit_last_seconds", .gauge, "When the last audit ended, in seconds since 1970.")
    package static let lanesHoldingTimers = MetricName(
        "nightshift_lanes_holding_timers", .gauge,
        "Owned lanes whose timers are held back, because their server's clock or what it wrote cannot be right.")
    package static let redisWeaker = MetricName(
        "nightshift_redis_weaker_primaries", .gauge,
        "Primaries that keep less than the durability that this process was started with; its log says what.")
    package static let redisAway = MetricName(
        "nightshift_redis_away_primaries", .gauge, "Primaries of a cluster that this process cannot reach.")
    package static let redisSlotMoveAge = MetricName(
        "nightshift_redis_slot_move_age_seconds", .gauge,
        "How long the slot of a Redis Cluster that is on its way between two primaries for longest has been seen so; 0 for none."
    )
    package static let redisClock = MetricName(
        "nightshift_redis_clock_lead_seconds", .gauge,
        "How far a primary's clock is ahead of this process's; label primary, its address.")
    package static let hotLaneDecisions = MetricName(
        "nightshift_hot_lane_decisions_per_second", .gauge,
        "Of at most five lanes that decide far more than others; told by the coordinator that leads, label lane.")
    package static let hotConversationShare = MetricName(
        "nightshift_hot_lane_busiest_conversation_ratio", .gauge,
        "Share of a hot lane's latest decisions that its busiest conversation made, label lane; lanes hot names it.")
    package static let planSeconds = MetricName(
        "nightshift_plan_seconds", .gauge,
        "How long the coordinator that leads took to place all lanes the last time it did.")
    package static let figuresContained = MetricName(
        "nightshift_figures_contained", .gauge,
        "Figures that members reported of themselves and that cannot be, in the last round of the coordinator that leads; its log names them."
    )
    package static let membersOlder = MetricName(
        "nightshift_members_below_level", .gauge,
        "Living processes that do not know of all that the house may use by now, such as paused accounts; the log of the coordinator that leads names them."
    )
    package static let moveAge = MetricName(
        "nightshift_lane_move_age_seconds", .gauge,
        "Seconds since the oldest resize or move of an account began that is not done; its lanes stand still. 0 for none."
    )
    package static let forgetOrdersOpen = MetricName(
        "nightshift_forget_orders_open", .gauge,
        "Orders to forget that stand in lanes out of use, or wait to be given to one; told by the coordinator that leads."
    )
    package static let forgetOrderAge = MetricName(
        "nightshift_forget_order_age_seconds", .gauge,
        "How long ago the oldest of these orders was given; 0 without any.")
    package static let leading = MetricName(
        "nightshift_leading", .gauge, "1 while this coordinator leads.")
    package static let desiredWorkers = MetricName(
        "nightshift_desired_workers", .gauge,
        "Workers that there ought to be, by the coordinator that leads; label at is now or next_hour.")
    package static let spooledEvents = MetricName(
        "nightshift_spooled_events", .gauge, "Events held on disk because their lane cannot take them.")
    package static let redisReconnects = MetricName(
        "nightshift_redis_reconnects_total", .counter, "Connections to Redis made again after a loss; label role.")
}
