internal import Contracts
internal import Lanes
internal import SwiftProtobuf

/// What of a state has to go with a person.
enum StateErasure: Equatable {
    case stays
    case goes
    /// It stays with less in it.
    case less([UInt8])

    /// Learns the person's own threads on the way.
    static func of(_ stored: LaneCommit.State, _ person: inout Person) throws -> StateErasure {
        let id = stored.entity
        switch id.kind {
        case .messages: return id == person.messages ? .goes : .stays
        case .matter: return person.owns(id.text) ? .goes : .stays
        case .comments:
            guard id.isOf(account: person.account),
                ByteSearch.contains(stored.bytes, Array(person.contact.utf8)),
                var state = try? EntityState(serializedBytes: stored.bytes)
            else { return .stays }
            return try thread(id, &state, &person)
        case .post:
            guard id.isOf(account: person.account), var state = try? EntityState(serializedBytes: stored.bytes),
                state.post.spike.complainers.contains(StableHash.hash(person.contact))
            else { return .stays }
            state.post.spike.complainers.removeAll { $0 == StableHash.hash(person.contact) }
            return .less(try state.serializedBytes())
        case .desk:
            guard var state = try? EntityState(serializedBytes: stored.bytes),
                state.desk.calls.contains(where: { person.owns($0.first) })
            else { return .stays }
            for index in state.desk.calls.indices where person.owns(state.desk.calls[index].first) {
                state.desk.calls[index].first = ""
            }
            return .less(try state.serializedBytes())
        }
    }

    /// A thread goes with whoever began it; of others who wrote in it their comments go.
    private static func thread(
        _ id: EntityID, _ state: inout EntityState, _ person: inout Person
    ) throws -> StateErasure {
        let root = id.parts.last ?? ""
        let author = state.conversation.comments.first { $0.id == root }?.author ?? state.conversation.contact
        if author == person.contact {
            person.threads.insert(id.text)
            return .goes
        }
        let before = state.conversation.comments.count
        state.conversation.comments.removeAll { $0.author == person.contact }
        let wroteLast = state.conversation.contact == person.contact
        if wroteLast { state.conversation.contact = "" }
        guard wroteLast || state.conversation.comments.count < before else { return .stays }
        return .less(try state.serializedBytes())
    }
}
