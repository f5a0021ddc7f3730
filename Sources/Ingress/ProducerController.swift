// The producer API: events of shops' own systems, `POST /v1/events`, one Event JSON a line.
//
// Each line is answered by itself, in order, so that a producer may go on with what was held and mend the rest. The
// status says what to do with the request as a whole: 200 all held; 400 some line is wrong, sending it again changes
// nothing; 429 a lane is full or too much waits; 503 a lane is closed or out of reach; the last two with Retry-After.

internal import Channels
internal import Contracts
internal import HTTPTypes
internal import Hummingbird
internal import Instants
internal import Lanes
internal import SwiftProtobuf
internal import Telemetry

struct ProducerController: Sendable {
    let doors: IngressDoors
    let bodies: RequestBodies
    let mostLines: Int

    func receive(_ request: Request) async throws(Refusal) -> Response {
        let bearer = "Bearer "
        let given = request.headers[.authorization] ?? ""
        guard given.hasPrefix(bearer),
            WebhookSignature.isOne(String(given.dropFirst(bearer.count)), of: doors.producerTokens())
        else {
            throw Refusal(.unauthorized, "token", "authorization with a bearer token of ours", "another or none")
        }
        return try await bodies.with(request) { body throws(Refusal) in
            let lines = body.split(separator: 0x0A, omittingEmptySubsequences: false)
            guard lines.count <= mostLines else {
                throw Refusal(.contentTooLarge, "too_many_lines", "at most \(mostLines) lines", "\(lines.count)")
            }
            return await answer(lines)
        }
    }

    /// What became of one line: an index into the events offered, or an error.
    private enum Line {
        case offered(Int)
        case wrong(id: String, EventJSONError)
    }

    private func answer(_ lines: [ArraySlice<UInt8>]) async -> Response {
        var read: [Line] = []
        var events: [LaneEvent] = []
        let now = doors.now()
        for (index, line) in lines.enumerated() where line.contains(where: { $0 != 0x20 && $0 != 0x0D }) {
            do throws(EventJSONError) {
                events.append(try event(Array(line), now))
                read.append(.offered(events.count - 1))
            } catch {
                let id = (try? JSONValue(parsing: Array(line)))?["id"]?.string ?? ""
                read.append(
                    .wrong(id: TextLimit(unit: .bytes, most: EventJSON.longestID).cut(id), error.at(line: index + 1)))
            }
        }
        let results = events.isEmpty ? [] : await doors.holder.offer(events)
        var status = HTTPResponse.Status.ok
        var held = 0
        var output: [UInt8] = []
        for line in read {
            let text: JSONValue
            switch line {
            case .wrong(let id, let error):
                text = ["id": .string(id), "error": error.json]
                status = Self.worse(status, .badRequest)
            case .offered(let number):
                let result =
                    number < results.count ? results[number] : .refused(.unreachable("no result was given"))
                text = Self.answer(events[number], result)
                if case .refused(let refusal) = result { status = Self.worse(status, Self.status(refusal)) }
                if case .held = result { held += 1 }
            }
            output += text.bytes()
            output.append(0x0A)
        }
        if held > 0 { doors.metrics.add(.eventsAccepted, [("source", "producer")], by: Double(held)) }
        return Response.lines(status, output, retry: status == .tooManyRequests || status == .serviceUnavailable)
    }

    private func event(_ line: [UInt8], _ now: Instant) throws(EventJSONError) -> LaneEvent {
        var event = try EventJSON.event(from: line)
        event.stamp(received: now)
        guard let place = doors.place(event) else {
            throw EventJSONError(
                expected: "an account and conversation of the policy", came: "\"\(event.account)\"", place: "account")
        }
        guard let bytes: [UInt8] = try? event.serializedBytes() else {
            throw EventJSONError(expected: "an event that can be written", came: "another", place: "")
        }
        return place.event(event.id, bytes)
    }

    private static func answer(_ event: LaneEvent, _ result: AppendResult) -> JSONValue {
        switch result {
        case .held(let position):
            var fields: [String: JSONValue] = ["id": .string(event.id), "lane": .string(event.lane.text)]
            if let position {
                fields["entry"] = .string(position.entry.description)
                fields["index"] = .integer(Int64(position.index))
            }
            return .object(fields)
        case .refused(let refusal):
            let error = EventJSONError(
                expected: "a lane that takes events", came: refusal.description, place: event.lane.text)
            return ["id": .string(event.id), "error": error.json]
        }
    }

    private static func status(_ refusal: AppendRefusal) -> HTTPResponse.Status {
        switch refusal {
        case .full, .busy: .tooManyRequests
        case .tooLarge: .badRequest
        default: .serviceUnavailable
        }
    }

    /// 503 before 429 before 400 before 200.
    private static func worse(_ left: HTTPResponse.Status, _ right: HTTPResponse.Status) -> HTTPResponse.Status {
        left.code > right.code ? left : right
    }
}
