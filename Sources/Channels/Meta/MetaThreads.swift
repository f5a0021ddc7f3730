internal import Contracts
internal import Instants

/// Who owns a direct thread (DOMAIN.md 4.7): `standby[]` and the updates of thread control.
extension MetaNormaliser {
    /// What happens in a thread that another app owns. It is read like any other and marked, so that nothing automatic
    /// answers; the platform leaves out a button's payload here.
    func standby(_ update: JSONValue, _ walk: Walk) throws(UpdateFault) -> Reading {
        let reading = try messaging(update, walk)
        guard case .event(var event) = reading else { return reading }
        switch event.kind {
        case .message(var message):
            message.standby = true
            event.message = message
        case .postback(var postback):
            postback.standby = true
            event.postback = postback
        default: break
        }
        return .event(event)
    }

    /// Nil if the update is none of thread control.
    ///
    /// Whether the new owner is our own app is told by the account's `app`. Without it a thread that was passed counts as
    /// ours unless one of the platform's inboxes got it, since an app is told of what it gets; one that was taken does not.
    func threadControl(_ update: JSONValue, _ walk: Walk) throws(UpdateFault) -> Event? {
        var control = ThreadControl()
        let word: String
        if let passed = try update.nested("pass_thread_control") {
            word = "pass"
            control.verb = .passed
            control.app = try passed.identifier("new_owner_app_id") ?? ""
            control.previousApp = try passed.identifier("previous_owner_app_id") ?? ""
        } else if let taken = try update.nested("take_thread_control") {
            word = "take"
            control.verb = .taken
            control.app = try taken.identifier("new_owner_app_id") ?? ""
            control.previousApp = try taken.identifier("previous_owner_app_id") ?? ""
        } else if let requested = try update.nested("request_thread_control") {
            word = "request"
            control.verb = .requested
            control.app = try requested.identifier("requested_owner_app_id") ?? ""
        } else {
            return nil
        }
        if let own = app(walk.account) {
            control.ours = control.app == own
        } else {
            control.ours = control.verb == .passed && !inboxApps(walk.account).contains(control.app)
        }
        let contact = try contact(ofThread: update, walk)
        let at = try update.milliseconds("timestamp")
        let id = "thread:\(contact):\(word):\(control.app):\(at ?? walk.sent?.milliseconds ?? 0)"
        return walk.event(id, contact: contact, at: at, .threadControl(control))
    }

    /// The customer, whichever side the platform names as sender.
    private func contact(ofThread update: JSONValue, _ walk: Walk) throws(UpdateFault) -> String {
        let sender = try update.nested("sender")?.identifier("id")
        if let sender, sender != walk.account { return sender }
        guard let recipient = try update.nested("recipient")?.identifier("id"), recipient != walk.account else {
            throw .missing("a customer's id", "sender.id")
        }
        return recipient
    }
}
