import ArgumentParser
import Channels
import Contracts
import Conversations
import Instants
import Lanes
import SwiftProtobuf

/// One conversation, and its person.
struct ConversationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conversation", abstract: "Show one conversation, or forget its person.",
        subcommands: [ShowConversationCommand.self, ForgetCommand.self],
        defaultSubcommand: ShowConversationCommand.self)
}

/// What Nightshift knows of one conversation.
struct ShowConversationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one conversation: its state, promises, timers and what happened.")

    @OptionGroup var redis: RedisOptions
    @Argument(help: "Such as m/<account>/<contact> or c/<account>/<post>/<comment>.") var id: String
    @Flag(help: "Print one JSON object.") var json = false

    func run() async throws {
        let session = try Session(redis)
        let entity = try EntityID(id)
        let (lane, state) = try find(entity, session)
        let lanes = try session.group(of: lane)
        // Also what it left in lanes that it had before.
        let events = try lanes.flatMap { try self.events(of: entity, in: $0, session) }.sorted { $0.0 < $1.0 }
        if json {
            Output.line(try document(entity, lane, state, events).text())
            return
        }
        Output.line("\(entity) in lane \(lane), \(state.decisions) decisions")
        if case .conversation(let conversation) = state.entity { describe(conversation) }
        for timer in state.timers.sorted(by: { $0.dueAt < $1.dueAt }) {
            Output.line("timer \(timer.kind) at \(Session.text(timer.dueAt))")
        }
        for (position, event) in events {
            Output.line(
                "\(position)  \(EventJSON.word(of: event.kind) ?? "unknown")  \(EventJSON.value(of: event).text())")
        }
    }

    private func find(_ entity: EntityID, _ session: Session) throws -> (LaneName, EntityState) {
        let lanes = try session.lanes()
        let found = try session.store.states(lanes.map { (lane: $0, entities: [entity]) })
        for (lane, values) in zip(lanes, found) {
            if let bytes = values?.first.flatMap(\.self) { return (lane, try EntityState(serializedBytes: bytes)) }
        }
        throw Failure(expected: "a conversation that is known", came: "\"\(entity)\"", at: "\(lanes.count) lanes")
    }

    private func events(
        of entity: EntityID, in lane: LaneName, _ session: Session
    ) throws -> [(Position, Event)] {
        try session.events(of: lane).filter { (try? EntityID.of($0.value)) == entity }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func describe(_ conversation: Conversation) {
        Output.line(
            "status \(conversation.status), language \(conversation.language.value), zone \(conversation.zone.value)")
        if conversation.unreachable {
            Output.line("the platform has nobody there to write to, until the customer writes")
        }
        if !conversation.unsent.isEmpty, conversation.unsent != "outcome.unreachable" {
            let isUnsure = conversation.unsent == "outcome.ambiguous"
            let end = isUnsure ? "may not have reached the customer" : "did not go out"
            Output.line("a person's words \(end): \(conversation.unsent)")
        }
        if conversation.seenUntil > 0 {
            Output.line("the customer has seen what was written until \(Session.text(conversation.seenUntil))")
        }
        if conversation.deliveredUntil > conversation.seenUntil {
            Output.line("what was written until \(Session.text(conversation.deliveredUntil)) has reached their device")
        }
        for promise in conversation.promises {
            Output.line(
                "promise \(promise.standing.word) due \(Session.text(promise.dueAt)), made \(Session.text(promise.madeAt))"
            )
        }
        for pending in conversation.pending {
            Output.line("pending action \(ActionID(high: pending.idHigh, low: pending.idLow))")
        }
    }

    private func document(
        _ entity: EntityID, _ lane: LaneName, _ state: EntityState, _ events: [(Position, Event)]
    ) throws -> JSONValue {
        let conversation = state.conversation
        func instant(_ milliseconds: Int64) -> JSONValue {
            milliseconds > 0 ? .string(Session.text(milliseconds)) : .null
        }
        return [
            "conversation": .string(entity.text), "lane": .string(lane.text),
            "decisions": .integer(Int64(clamping: state.decisions)),
            "seen_until": instant(conversation.seenUntil), "delivered_until": instant(conversation.deliveredUntil),
            "language": .string(conversation.language.value), "zone": .string(conversation.zone.value),
            "promises": .array(
                conversation.promises.map {
                    [
                        "id": .string($0.id), "due_at": .string(Session.text($0.dueAt)),
                        "state": .string($0.standing.word),
                    ]
                }),
            "timers": .array(
                state.timers.map { ["kind": .string("\($0.kind)"), "due_at": .string(Session.text($0.dueAt))] }),
            "events": .array(
                events.map { ["entry": .string($0.0.description), "event": EventJSON.value(of: $0.1)] }),
        ]
    }
}
