internal import Contracts
internal import Delivery
internal import Lanes
internal import SwiftProtobuf

// What of a person goes while their lane goes on: log, kept events, dead letters, results, and what comes late.
extension ForgetSlices {
    private static let logPage = 16
    private static let resultPage = 16

    func log(
        _ job: inout ForgetJob, _ after: EntryID, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        let page = try store.log(lane.name, after: after, most: Self.logPage)
        let before = page.filter { $0.id <= job.order.position.entry && $0.id < lane.cursor.entry }
        let late = lane.forgetting?.late ?? []
        let places = job.places
        var count = 0
        let requests = before.map { entry in
            erasure(of: entry, lane) { bytes, position in
                guard job.takes(bytes, at: position) else { return late.contains(position) }
                count += 1
                if job.isOutside(bytes) { job.places.insert(position) }
                return true
            }
        }
        guard try job.places == places || noteProgress(job, lane, store), try erase(requests, store) else {
            return false
        }
        job.tally.events += count
        let isAtEnd = page.count < Self.logPage || before.count < page.count
        job.stage = isAtEnd ? .kept(cursor: "0") : .log(after: before.last?.id ?? after)
        return true
    }

    /// An entry without what goes of it; what stays is kept by its position.
    private func erasure(
        of entry: LogEntry, _ lane: HeldLane, goes: (_ bytes: [UInt8], _ position: Position) -> Bool
    ) -> EraseRequest {
        var request = EraseRequest(lane: lane.name, token: lane.token)
        guard let ranges = try? EventFraming.ranges(of: entry.body) else {
            if goes(entry.body, Position(entry: entry.id, index: 0)) { request.entries = [entry.id] }
            return request
        }
        var others: [EraseRequest.Kept] = []
        for (index, range) in ranges.enumerated() {
            let position = Position(entry: entry.id, index: index)
            let bytes = Array(entry.body[range])
            if !goes(bytes, position) { others.append(.init(position: position, event: bytes)) }
        }
        guard others.count < ranges.count else { return request }
        request.entries = [entry.id]
        request.kept = others
        return request
    }

    func kept(
        _ job: inout ForgetJob, _ cursor: String, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        guard let page = try store.page(lane.name, .kept, after: cursor) else { return false }
        let places = job.places
        var request = EraseRequest(lane: lane.name, token: lane.token)
        var batches: [EraseRequest] = []
        for (name, value) in page.pairs {
            switch KeptField(name) {
            case .event(let position):
                guard job.takes(value, at: position) else { continue }
                request.forgottenEvents.append(position)
                if job.isOutside(value) { job.places.insert(position) }
            case .results(let entry):
                guard let redacted = try redacted(value, &job) else { continue }
                var batch = EraseRequest(lane: lane.name, token: lane.token)
                batch.redacted = [(entry, redacted)]
                batches.append(batch)
            case nil: continue
            }
        }
        guard try job.places == places || noteProgress(job, lane, store), try erase([request] + batches, store) else {
            return false
        }
        job.tally.events += request.forgottenEvents.count
        job.stage = page.next == "0" ? .dead(after: .start) : .kept(cursor: page.next)
        return true
    }

    func deadLetters(
        _ job: inout ForgetJob, _ after: EntryID, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        let page = try store.deadLetters(lane.name, after: after, most: 100)
        var request = EraseRequest(lane: lane.name, token: lane.token)
        request.deadLetters = page.compactMap { stored in
            job.takes(Array(stored.letter.event), at: stored.letter.place) ? stored.entry : nil
        }
        guard try erase([request], store) else { return false }
        job.tally.deadLetters += request.deadLetters.count
        job.stage = page.count < 100 ? .results(after: .start) : .dead(after: page.last?.entry ?? after)
        return true
    }

    func results(
        _ job: inout ForgetJob, _ after: EntryID, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        let page = try store.results(lane.name, after: after, most: Self.resultPage)
        var requests: [EraseRequest] = []
        for stored in page {
            var batch = stored.batch
            let count = job.redact(&batch)
            guard count > 0 else { continue }
            job.tally.results += count
            var request = EraseRequest(lane: lane.name, token: lane.token)
            request.results = [stored.entry]
            request.redacted = [(stored.entry, try batch.serializedBytes())]
            requests.append(request)
        }
        guard try erase(requests, store) else { return false }
        job.stage = page.count < Self.resultPage ? .ended : .results(after: page.last?.entry ?? after)
        return true
    }

    private func redacted(_ bytes: [UInt8], _ job: inout ForgetJob) throws -> [UInt8]? {
        guard var batch = try? ResultBatch(serializedBytes: bytes) else { return nil }
        let count = job.redact(&batch)
        guard count > 0 else { return nil }
        job.tally.results += count
        return try batch.serializedBytes()
    }

    /// Erases what came late and was passed over, a few entries at a time, wherever it lies by now.
    func eraseLate(_ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        let due = (lane.forgetting?.late ?? []).filter { $0.entry < lane.cursor.entry }.sorted()
        let entries = Set(due.map(\.entry)).sorted().prefix(Self.logPage)
        guard let last = entries.last else { return true }
        let gone = Set(due.prefix { $0.entry <= last }.prefix(ForgetNote.mostPlaces))
        for entry in entries where gone.contains(where: { $0.entry == entry }) {
            let found = try store.log(lane.name, after: entry.previous, most: 1).filter { $0.id == entry }
            var requests = found.map { erasure(of: $0, lane) { gone.contains($1) } }
            if found.isEmpty {
                // A job has put into `kept` what stood beside somebody else's.
                var request = EraseRequest(lane: lane.name, token: lane.token)
                request.forgottenEvents = gone.filter { $0.entry == entry }.sorted()
                requests = [request]
            }
            guard try erase(requests, store) else { return false }
        }
        var note = ForgetNote(lane: lane.name, token: lane.token)
        note.erased(late: gone.sorted())
        guard try store.note(note) else { return false }
        lane.forgetting?.erased(late: gone)
        return true
    }
}

extension DeadLetter {
    /// Where its event stood.
    fileprivate var place: Position {
        Position(entry: EntryID(milliseconds: entryMs, sequence: UInt64(entrySequence)), index: Int(index))
    }
}
