import Contracts
import Instants

// How far the customer's side has come with what was written to them.
//
// Problem: platforms tell of every text that it arrived and was seen; two receipts a text would push everything else out of
// a state's bounded memories, and none of them asks for anything. Choice: where a channel's file wants them at all, a state
// keeps the two newest instants and nothing else: no id is remembered, since a receipt that comes again or late changes
// nothing, no position, no timer, no promise. That somebody has seen an answer ends no waiting, and that they have not
// begins none. A receipt of somebody whom no state knows makes none. How it fails: Instagram names the one message that was
// seen and not an instant; what is kept is when it told so, and a text sent between the two counts as seen.

/// Decides about a receipt.
func decideReceipt(
    _ receipt: Receipt, own: consuming EntityState?, parent: consuming EntityState?, now: Instant, received: Instant,
    result: consuming DecisionResult
) -> Decision {
    result.rule = receipt.read ? "receipt.read" : "receipt.delivered"
    var state = own.take() ?? EntityState()
    // A platform's clock that runs ahead must not say that what is not yet written was seen.
    let until = min(receipt.until, received.milliseconds)
    guard case .conversation(var talk) = state.entity else {
        return Decision(own: state, parent: parent.take(), result: result, changesStates: false)
    }
    let known = receipt.read ? talk.seenUntil : talk.deliveredUntil
    guard until > known else {
        result.rule = "receipt.known"
        return Decision(own: state, parent: parent.take(), result: result, changesStates: false)
    }
    if receipt.read { talk.seenUntil = until }
    // Nothing is seen that has not arrived.
    talk.deliveredUntil = max(talk.deliveredUntil, until)
    state.conversation = talk
    state.decisions &+= 1
    state.lastNow = max(state.lastNow, now.milliseconds)
    return Decision(own: state, parent: parent.take(), result: result, changesStates: true)
}
