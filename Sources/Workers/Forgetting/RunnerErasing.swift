internal import Contracts
internal import Delivery
internal import Lanes
internal import SwiftProtobuf

// What of a person goes while their lane goes on: log, kept events, dead letters, results, and what comes late.
extension RunnerLoop {
    private static let logPage = 16
    private static let resultPage = 16

    func log(
        _ job: inout ForgetJob, _ after: EntryID, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        let page = try store.log(lane.name, after: after, most: Self.logPage)
        let decided = page.filter { $0.id < lane.cursor.entry }
        var erased: [Position] = []
        let requests = decided.map { erasure(of: $0, job, lane, &erased) }
        guard try erase(requests, store) else { return false }
        job.erased.formUnion(erased)
        job.tally.events += erased.count
        job.swept = max(job.swept, decided.last?.id ?? after)
        let isAtEnd = page.count < Self.logPage || decided.count < page.count
        if isAtEnd {
            let gone = (lane.forgetting?.late ?? []).filter { $0 <= job.swept }
            lane.forgetting?.erased(late: Set(gone))
            job.stage = job.order == nil ? .ended : .kept(cursor: "0")
        } else {
            job.stage = .log(after: decided.last?.id ?? after)
        }
        return true
    }

    /// What of an entry goes, and what stays beside it.
    private func erasure(
        of entry: LogEntry, _ job: ForgetJob, _ lane: HeldLane, _ erased: inout [Position]
    ) -> EraseRequest {
        var request = EraseRequest(lane: lane.name, token: lane.token)
        guard let ranges = try? EventFraming.ranges(of: entry.body) else {
            if job.person?.mayStand(in: entry.body) == true { request.entries = [entry.id] }
            return request
        }
        var others: [EraseRequest.Kept] = []
        for (index, range) in ranges.enumerated() {
            let position = Position(entry: entry.id, index: index)
            let bytes = Array(entry.body[range])
            if goes(bytes, position, job, lane) {
                erased.append(position)
            } else {
                others.append(.init(position: position, event: bytes))
            }
        }
        guard others.count < ranges.count else { return request }
        request.entries = [entry.id]
        request.kept = others
        return request
    }

    private func goes(_ bytes: [UInt8], _ position: Position, _ job: ForgetJob, _ lane: HeldLane) -> Bool {
        guard let event = try? Event(serializedBytes: bytes) else { return job.person?.mayStand(in: bytes) == true }
        if let order = job.order, position <= order.position {
            return job.person?.concerns(event) == true
        }
        return lane.forgetting?.cameLate(event, position) == true
    }

    func kept(
        _ job: inout ForgetJob, _ cursor: String, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        guard let person = job.person, let page = try store.page(lane.name, .kept, after: cursor) else { return false }
        var request = EraseRequest(lane: lane.name, token: lane.token)
        var batches: [EraseRequest] = []
        for (name, value) in page.pairs {
            switch KeptField(name) {
            case .event(let position):
                let event = try? Event(serializedBytes: value)
                guard event.map(person.concerns) ?? person.mayStand(in: value) else { continue }
                request.forgottenEvents.append(position)
                job.erased.insert(position)
            case .results(let entry):
                guard let redacted = try redacted(value, &job) else { continue }
                var batch = EraseRequest(lane: lane.name, token: lane.token)
                batch.redacted = [(entry, redacted)]
                batches.append(batch)
            case nil: continue
            }
        }
        guard try erase([request] + batches, store) else { return false }
        job.tally.events += request.forgottenEvents.count
        job.stage = page.next == "0" ? .dead(after: .start) : .kept(cursor: page.next)
        return true
    }

    func deadLetters(
        _ job: inout ForgetJob, _ after: EntryID, _ lane: HeldLane, _ store: LaneStore
    ) throws -> Bool {
        guard let person = job.person else { return false }
        let page = try store.deadLetters(lane.name, after: after, most: 100)
        var request = EraseRequest(lane: lane.name, token: lane.token)
        request.deadLetters = page.compactMap { stored in
            let bytes = Array(stored.letter.event)
            let event = try? Event(serializedBytes: bytes)
            return event.map(person.concerns) ?? person.mayStand(in: bytes) ? stored.entry : nil
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

    /// Erases what came late and was passed over, a few entries at a time.
    func eraseLate(_ lane: HeldLane, _ store: LaneStore) throws -> Bool {
        let entries = (lane.forgetting?.late ?? []).filter { $0 < lane.cursor.entry }.prefix(Self.logPage)
        let job = ForgetJob(sweepingAfter: .start)
        for entry in entries {
            let found = try store.log(lane.name, after: entry.previous, most: 1).filter { $0.id == entry }
            var erased: [Position] = []
            guard try erase(found.map { erasure(of: $0, job, lane, &erased) }, store) else { return false }
        }
        lane.forgetting?.erased(late: Set(entries))
        return true
    }
}
