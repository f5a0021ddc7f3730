internal import Contracts
internal import Conversations
internal import Lanes
internal import SwiftProtobuf

/// What of a state has to go with a person.
enum StateErasure: Equatable {
    case stays
    case goes
    /// It stays with less in it.
    case less([UInt8])

    /// Of what is no thread under a post.
    static func of(_ stored: LaneCommit.State, _ person: Person) throws -> StateErasure {
        let id = stored.entity
        switch id.kind {
        case .messages: return id == person.messages ? .goes : .stays
        case .matter: return person.owns(id.text) ? .goes : .stays
        case .comments: return .stays
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

    /// A thread goes if nobody else wrote in it; else what is the person's goes out of it.
    ///
    /// - Parameter byAuthor: also comments that only the state knows. Not once the lane goes on: those may be new.
    static func thread(
        _ stored: LaneCommit.State, _ job: inout ForgetJob, listed: () throws -> OpenItem?, byAuthor: Bool
    ) throws -> (erasure: StateErasure, item: OpenItemChange) {
        let id = stored.entity
        guard id.isOf(account: job.order.account), job.mayStand(in: stored.bytes, byAuthor: byAuthor),
            var state = try? EntityState(serializedBytes: stored.bytes)
        else { return (.stays, .unchanged) }
        if byAuthor {
            job.person.comments.formUnion(ThreadErasure.comments(of: job.order.contact, in: state, id))
        }
        let erasure = ThreadErasure(comments: job.person.comments, actions: job.actions)
        guard erasure.isNeeded(for: state, id) else { return (.stays, .unchanged) }
        let (remains, item) = erasure.take(from: &state, id, listed: try listed())
        switch remains {
        case .unchanged: return (.stays, .unchanged)
        case .nothing:
            job.person.threads.insert(id.text)
            return (.goes, .remove)
        case .part(let isCalm):
            if isCalm { job.calmed.insert(id.text) }
            return (.less(try state.serializedBytes()), item)
        }
    }
}

extension ForgetJob {
    /// A cheap look before a thread's state is decoded.
    fileprivate func mayStand(in state: [UInt8], byAuthor: Bool) -> Bool {
        !byAuthor || !actions.isEmpty || ByteSearch.contains(state, Array(order.contact.utf8))
    }
}
