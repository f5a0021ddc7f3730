/// What a server's error tells of the cluster. With each of these the command was not run.
enum Redirect: Sendable, Equatable {
    /// The slot is this server's from now on.
    case moved(KeySlot, NodeAddress)
    /// This one command is to go there, behind ASKING; the slot is on its way.
    case ask(KeySlot, NodeAddress)
    /// Some keys of the command have moved and some not: wait.
    case tryAgain
    /// The server cannot serve: no majority, slots without a primary, loading, a replica without its primary.
    case unable
    /// The server is no primary any more.
    case readOnly

    /// - Parameter asked: the host of the server that answered.
    /// - Returns: nil for every error that is the command's own.
    init?(_ error: RedisServerError, asked: String) {
        switch error.code {
        case "MOVED", "ASK":
            let words = error.message.split(separator: " ")
            guard words.count >= 2, let slot = Int(words[0]).flatMap({ KeySlot($0) }),
                let node = NodeAddress(words[1], asked: asked)
            else { return nil }
            self = error.code == "MOVED" ? .moved(slot, node) : .ask(slot, node)
        case "TRYAGAIN": self = .tryAgain
        case "CLUSTERDOWN", "LOADING", "MASTERDOWN": self = .unable
        case "READONLY": self = .readOnly
        default: return nil
        }
    }

    /// Whether the slots should be asked for anew before the next try.
    var wantsRefresh: Bool {
        switch self {
        case .moved, .unable, .readOnly: true
        case .ask, .tryAgain: false
        }
    }
}
