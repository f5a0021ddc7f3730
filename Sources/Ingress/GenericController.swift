// Webhooks of any platform that speaks the generic channel (CHANNELS.md): signed with an instant, events in our fixed JSON.
//
// Unlike a platform that only looks at the status, whoever wrote the bridge reads the answer: it says which events were set
// aside and why. They are in the quarantine all the same, so sending them again changes nothing.

internal import Channels
internal import Contracts
internal import HTTPTypes
internal import Hummingbird
internal import Instants

struct GenericController: Sendable {
    let doors: IngressDoors
    let bodies: RequestBodies
    private let holding: UpdateHolding

    init(doors: IngressDoors, bodies: RequestBodies) {
        self.doors = doors
        self.bodies = bodies
        holding = UpdateHolding(doors: doors, source: "generic")
    }

    func receive(_ request: Request) async throws(Refusal) -> Response {
        let signature = Self.header(RequestSignature.header, request)
        let timestamp = Self.header(RequestSignature.timestampHeader, request)
        return try await bodies.with(request) { body throws(Refusal) in
            let secrets = doors.secrets()
            if secrets.isEmpty, let reason = doors.unreadyReason() {
                throw Refusal(.serviceUnavailable, "not_ready", "a policy and its secrets", reason)
            }
            let verdict = RequestSignature.verify(
                body, signature: signature, timestamp: timestamp, now: doors.wallClock(), among: secrets)
            let signers = try Self.signers(verdict)
            let (updates, faults) = try read(body)
            let held = try await holding.hold(updates, signedBy: signers)
            let aside: [JSONValue] = faults.map { fault in
                var fields = fault.error.json.object ?? [:]
                fields["index"] = .integer(Int64(fault.index))
                return .object(fields)
            }
            let answer: JSONValue = ["held": .integer(Int64(held)), "set_aside": .array(aside)]
            return Response.lines(.ok, answer.bytes() + [0x0A], retry: false)
        }
    }

    private func read(
        _ body: [UInt8]
    ) throws(Refusal) -> (updates: NormalisedUpdates, faults: [GenericInbound.Fault]) {
        do {
            return try GenericInbound.read(body, received: doors.now())
        } catch {
            throw Refusal(.badRequest, "not_json", "{\"events\":[…]}", "\(error)")
        }
    }

    private static func signers(_ verdict: RequestSignature.Verdict) throws(Refusal) -> [String] {
        switch verdict {
        case .signed(let names): return names
        case .missing: throw Refusal(.unauthorized, "signature", "signature and timestamp", "none")
        case .wrong: throw Refusal(.unauthorized, "signature", "a signature by one of our accounts' secrets", "another")
        case .stale:
            throw Refusal(.unauthorized, "timestamp", "an instant within 5 minutes of our clock", "another")
        }
    }

    private static func header(_ name: String, _ request: Request) -> String? {
        HTTPField.Name(name).flatMap { request.headers[$0] }
    }
}
