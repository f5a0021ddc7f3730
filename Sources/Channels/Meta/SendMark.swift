package import Contracts

/// Our mark in a sent message, `ns1:<lane>:<action id>`: the only thing by which an echo tells which send it was.
///
/// A private answer to a comment is decided in the comment's conversation, and its echo comes in the direct thread with the
/// author, which lies in another lane. So its mark names the conversation too, behind another colon: by that the echo finds
/// back to whoever waits for it, also after its partition got other lanes.
package struct SendMark: Sendable, Equatable, CustomStringConvertible {
    package let lane: LaneName
    package let action: ActionID
    /// Nil where the echo's own thread is the conversation.
    package let conversation: EntityID?

    package init(lane: LaneName, action: ActionID, conversation: EntityID? = nil) {
        self.lane = lane
        self.action = action
        self.conversation = conversation
    }

    /// Reads the metadata of an echo; nil if it is not ours.
    package init?(_ metadata: String) {
        let parts = metadata.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 || parts.count == 4, parts[0] == "ns1", let lane = try? LaneName(String(parts[1])),
            let action = ActionID(hex: String(parts[2]))
        else { return nil }
        guard parts.count == 4 else {
            self.init(lane: lane, action: action)
            return
        }
        guard let conversation = try? EntityID(String(parts[3])) else { return nil }
        self.init(lane: lane, action: action, conversation: conversation)
    }

    package var description: String { "ns1:\(lane):\(action)" + (conversation.map { ":\($0)" } ?? "") }
}
